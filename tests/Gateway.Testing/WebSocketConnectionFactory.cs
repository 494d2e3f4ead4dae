using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Testing;

/// <summary>
/// A WebSocket for the SignalR client core, with or without negotiation; every record that comes is shown to <paramref name="tap"/> first.
/// </summary>
internal sealed class WebSocketConnectionFactory(
    WebSocketConnectionFactory.Tap tap, Action<ClientWebSocketOptions>? configure, HttpMessageInvoker? invoker,
    bool negotiates = false) : IConnectionFactory
{
    private ClientWebSocket? _last;

    public delegate void Tap(ReadOnlySpan<byte> record);

    public (int Code, string? Reason) CloseStatus =>
        _last?.CloseStatus is { } status ? ((int)status, _last.CloseStatusDescription ?? "") : (1006, null);

    public void Abort() => _last?.Abort();

    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = _last = new ClientWebSocket();
        configure?.Invoke(socket.Options);
        var address = ((UriEndPoint)endpoint).Uri;
        var negotiated = negotiates ? await Negotiated.AskAsync(address, cancellationToken) : null;
        await socket.ConnectAsync(negotiated?.With(address) ?? address, invoker, cancellationToken);
        return new Connection(socket, tap) { ConnectionId = negotiated?.ConnectionId ?? Guid.NewGuid().ToString("N") };
    }

    private sealed class Connection : ConnectionContext
    {
        private readonly ClientWebSocket _socket;
        private readonly Tap _tap;
        private readonly Pipe _received = new();
        private readonly Pipe _toSend = new();
        private readonly Task _loops;

        public Connection(ClientWebSocket socket, Tap tap)
        {
            _socket = socket;
            _tap = tap;
            Transport = new Duplex(_received.Reader, _toSend.Writer);
            Features.Set<ITransferFormatFeature>(new TextOnly());
            _loops = Task.WhenAll(ReceiveAsync(), SendAsync());
        }

        public override string ConnectionId { get; set; } = "";
        public override IFeatureCollection Features { get; } = new FeatureCollection();
        public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();
        public override IDuplexPipe Transport { get; set; }

        public override async ValueTask DisposeAsync()
        {
            await Transport.Output.CompleteAsync();
            await Task.WhenAny(_loops, Task.Delay(TimeSpan.FromSeconds(2)));
            _socket.Dispose();
        }

        private async Task ReceiveAsync()
        {
            var pending = new ArrayBufferWriter<byte>();
            try
            {
                while (true)
                {
                    var part = await _socket.ReceiveAsync(pending.GetMemory(16 * 1024), default);
                    if (part.MessageType == WebSocketMessageType.Close) break;
                    pending.Advance(part.Count);
                    var complete = pending.WrittenSpan.LastIndexOf((byte)0x1e) + 1;
                    if (complete == 0) continue;
                    Show(pending.WrittenSpan[..complete]);
                    await _received.Writer.WriteAsync(pending.WrittenMemory[..complete]);
                    var rest = pending.WrittenSpan[complete..].ToArray();
                    pending.ResetWrittenCount();
                    pending.Write(rest);
                }
            }
            catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The close status tells.
            }
            finally
            {
                await _received.Writer.CompleteAsync();
            }
        }

        private void Show(ReadOnlySpan<byte> records)
        {
            foreach (var record in records.Split((byte)0x1e))
                if (!records[record].IsEmpty)
                    _tap(records[record]);
        }

        private async Task SendAsync()
        {
            try
            {
                while (true)
                {
                    var read = await _toSend.Reader.ReadAsync();
                    if (!read.Buffer.IsEmpty)
                        await _socket.SendAsync(read.Buffer.ToArray(), WebSocketMessageType.Text, endOfMessage: true, default);
                    _toSend.Reader.AdvanceTo(read.Buffer.End);
                    if (!read.IsCompleted) continue;
                    await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
                    return;
                }
            }
            catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The receiving side notices.
            }
        }

        private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
        {
            public PipeReader Input => input;
            public PipeWriter Output => output;
        }

        private sealed class TextOnly : ITransferFormatFeature
        {
            public TransferFormat SupportedFormats => TransferFormat.Text;
            public TransferFormat ActiveFormat { get; set; } = TransferFormat.Text;
        }
    }
}
