using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace SignalRDotNet;

/// <summary>
/// Connects straight to the hub's WebSocket, without negotiation. Needed only because this example uses the client's core package;
/// with Microsoft.AspNetCore.SignalR.Client the file goes away.
/// </summary>
internal sealed class WebSocketConnectionFactory : IConnectionFactory
{
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var url = new UriBuilder(((UriEndPoint)endpoint).Uri);
        url.Scheme = url.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs;
        var socket = new ClientWebSocket();
        try
        {
            await socket.ConnectAsync(url.Uri, cancellationToken);
            return new WebSocketConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>A WebSocket as the pair of pipes that a hub connection reads from and writes to.</summary>
internal sealed class WebSocketConnection : ConnectionContext
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly ClientWebSocket _socket;
    private readonly Pipe _received = new();
    private readonly Pipe _toSend = new();
    private readonly Task _receiving;
    private readonly Task _sending;

    public WebSocketConnection(ClientWebSocket socket)
    {
        _socket = socket;
        Transport = new Duplex(_received.Reader, _toSend.Writer);
        Features.Set<ITransferFormatFeature>(new JsonIsText());
        _receiving = ReceiveAsync();
        _sending = SendAsync();
    }

    public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("N");
    public override IFeatureCollection Features { get; } = new FeatureCollection();
    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();
    public override IDuplexPipe Transport { get; set; }

    public override async ValueTask DisposeAsync()
    {
        await Transport.Output.CompleteAsync();
        await Task.WhenAny(Task.WhenAll(_receiving, _sending), Task.Delay(CloseTimeout));
        _socket.Dispose();
        await base.DisposeAsync();
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(_received.Writer.GetMemory(4096), default);
                if (part.MessageType == WebSocketMessageType.Close) break;
                _received.Writer.Advance(part.Count);
                if ((await _received.Writer.FlushAsync()).IsCompleted) break;
            }
        }
        catch (Exception gone) when (gone is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The hub connection sees the end of what it reads, and reconnects or closes.
        }
        finally
        {
            await _received.Writer.CompleteAsync();
        }
    }

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                var read = await _toSend.Reader.ReadAsync();
                var left = read.Buffer.Length;
                foreach (var segment in read.Buffer)
                    await _socket.SendAsync(segment, WebSocketMessageType.Text, endOfMessage: (left -= segment.Length) == 0, default);
                _toSend.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) break;
            }
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
        }
        catch (Exception gone) when (gone is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // As above.
        }
        finally
        {
            await _toSend.Reader.CompleteAsync();
        }
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;
        public PipeWriter Output => output;
    }

    private sealed class JsonIsText : ITransferFormatFeature
    {
        public TransferFormat SupportedFormats => TransferFormat.Text;
        public TransferFormat ActiveFormat { get; set; } = TransferFormat.Text;
    }
}
