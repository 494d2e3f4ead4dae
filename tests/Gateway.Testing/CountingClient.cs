using System.Buffers.Text;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;

namespace Gateway.Testing;

/// <summary>
/// A member of the room "crowd" that only counts: it looks for <c>#sender:number#</c> in what comes and checks that every sender's numbers
/// follow one another. Cheap enough for a thousand of them in one process.
/// </summary>
public sealed class CountingClient : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly int[] _next;
    private readonly double _bytesPerSecond;
    private int _received;
    private long _began;
    private long _bytes;

    private CountingClient(int senders, double bytesPerSecond) => (_next, _bytesPerSecond) = (new int[senders], bytesPerSecond);

    public int Received => Volatile.Read(ref _received);

    /// <summary>The first that was wrong.</summary>
    public string? Fault { get; private set; }

    /// <param name="bytesPerSecond">It reads no faster than this, from the first message on.</param>
    public static async Task<CountingClient> ConnectAsync(
        Uri server, bool signalR, int senders, double bytesPerSecond = double.PositiveInfinity)
    {
        var client = new CountingClient(senders, bytesPerSecond);
        await client._socket.ConnectAsync(
            new Uri($"ws://{server.Authority}/{(signalR ? "hub" : "ws")}?rooms=crowd"), default).Within("the WebSocket to open");
        if (signalR)
            await client._socket.SendAsync(
                "{\"protocol\":\"json\",\"version\":1}\u001e"u8.ToArray(), WebSocketMessageType.Text, true, default);
        var welcomed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = client.ReceiveAsync(welcomed); // ends with the socket
        await welcomed.Task.Within("the welcome");
        return client;
    }

    public void Dispose() => _socket.Dispose();

    private async Task ReceiveAsync(TaskCompletionSource welcomed)
    {
        var buffer = new byte[64 * 1024];
        var kept = 0;
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(buffer.AsMemory(kept), default);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    Fault ??= $"closed: {_socket.CloseStatus} {_socket.CloseStatusDescription}";
                    return;
                }
                kept += part.Count;
                if (!part.EndOfMessage) continue;
                if (!welcomed.Task.IsCompleted && buffer.AsSpan(0, kept).IndexOf("welcome"u8) >= 0) welcomed.SetResult();
                else Count(buffer.AsSpan(0, kept));
                if (_received > 0) await PaceAsync(kept);
                kept = 0;
            }
        }
        catch (Exception gone) when (gone is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            Fault ??= gone.Message;
        }
    }

    private async ValueTask PaceAsync(int bytes)
    {
        if (_began == 0) _began = Stopwatch.GetTimestamp();
        _bytes += bytes;
        while (_bytes / Stopwatch.GetElapsedTime(_began).TotalSeconds > _bytesPerSecond) await Task.Delay(1);
    }

    private void Count(ReadOnlySpan<byte> message)
    {
        while (message.IndexOf("\"#"u8) is >= 0 and var at)
        {
            message = message[(at + 2)..];
            if (!Utf8Parser.TryParse(message, out int sender, out var used)
                || !Utf8Parser.TryParse(message[(used + 1)..], out int number, out _)) continue;
            if (number != _next[sender])
                Fault ??= $"sender {sender}: {number} instead of {_next[sender]} in {Encoding.UTF8.GetString(message)}";
            _next[sender] = number + 1;
            Interlocked.Increment(ref _received);
        }
    }
}
