using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;
using Gateway.Testing;

namespace Gateway.ChaosTests.Flood;

/// <summary>A healthy member of the room "healthy" that notes how long each message took to reach it, and that none is missing.</summary>
internal sealed partial class FloodListener : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly List<TimeSpan> _latencies = [];
    private int _received;

    public int Received => Volatile.Read(ref _received);

    /// <summary>To be read when everything has come.</summary>
    public IReadOnlyList<TimeSpan> Latencies => _latencies;

    /// <summary>The first thing that was wrong.</summary>
    public string? Fault { get; private set; }

    /// <summary>What is sent: the message's number, and when it was sent.</summary>
    public static string Stamp(int number) => string.Create(CultureInfo.InvariantCulture, $"#{number}:{Stopwatch.GetTimestamp()}#");

    public static async Task<FloodListener> ConnectAsync(Uri server, bool signalR)
    {
        var client = new FloodListener();
        await client._socket.ConnectAsync(new Uri($"ws://{server.Authority}/{(signalR ? "hub" : "ws")}?rooms=healthy"), default)
            .Within("the WebSocket to open");
        if (signalR)
            await client._socket.SendAsync(
                "{\"protocol\":\"json\",\"version\":1}\u001e"u8.ToArray(), WebSocketMessageType.Text, true, default);
        var welcomed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = client.ReceiveAsync(signalR, welcomed); // ends with the socket
        await welcomed.Task.Within("the welcome");
        return client;
    }

    public void Dispose() => _socket.Dispose();

    [GeneratedRegex("#([0-9]+):([0-9]+)#")]
    private static partial Regex Stamps();

    private async Task ReceiveAsync(bool signalR, TaskCompletionSource welcomed)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(buffer.AsMemory(), default); // its messages are short: each in one part
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    Fault ??= $"closed: {_socket.CloseStatus} {_socket.CloseStatusDescription}";
                    return;
                }
                var text = Encoding.UTF8.GetString(buffer, 0, part.Count);
                if (text.Contains("welcome", StringComparison.Ordinal)) welcomed.TrySetResult();
                if (signalR && text.Contains("{\"type\":6}", StringComparison.Ordinal))
                    await _socket.SendAsync("{\"type\":6}\u001e"u8.ToArray(), WebSocketMessageType.Text, true, default);
                foreach (Match stamp in Stamps().Matches(text)) Note(stamp);
            }
        }
        catch (Exception gone) when (gone is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            Fault ??= gone.Message;
        }
    }

    private void Note(Match stamp)
    {
        _latencies.Add(Stopwatch.GetElapsedTime(long.Parse(stamp.Groups[2].ValueSpan, CultureInfo.InvariantCulture)));
        if (int.Parse(stamp.Groups[1].ValueSpan, CultureInfo.InvariantCulture) != _received)
            Fault ??= $"{stamp.Value} instead of message {_received}";
        Interlocked.Increment(ref _received);
    }
}
