using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Presence;

/// <summary>
/// A member of the room "crowd", of either dialect, that only notes whom it is told of. Cheap enough for a thousand of them in one process.
/// </summary>
internal sealed class CrowdMember : IDisposable
{
    private const byte RecordEnd = 0x1e;

    private readonly ClientWebSocket _socket = new();
    private readonly Dictionary<string, int> _joined = [];
    private readonly Dictionary<string, int> _left = [];
    private readonly bool _isSignalR;
    private int _total;

    private CrowdMember(bool isSignalR) => _isSignalR = isSignalR;

    public string UserId { get; private set; } = "";

    /// <summary>With this it is the same user again.</summary>
    public string GuestKey { get; private set; } = "";

    /// <summary>How many leaves it was told of.</summary>
    public int Total => Volatile.Read(ref _total);

    /// <summary>Who left, and how often that was told.</summary>
    public Dictionary<string, int> Left
    {
        get { lock (_left) return new Dictionary<string, int>(_left); }
    }

    /// <summary>Who joined, and how often that was told.</summary>
    public Dictionary<string, int> Joined
    {
        get { lock (_left) return new Dictionary<string, int>(_joined); }
    }

    public static async Task<CrowdMember> ConnectAsync(Uri server, bool isSignalR, string guestKey = "")
    {
        var member = new CrowdMember(isSignalR);
        await member._socket.ConnectAsync(
            new Uri($"ws://{server.Authority}/{(isSignalR ? "hub" : "ws")}?rooms=crowd&guest_key={guestKey}"),
            default).Within("the WebSocket to open");
        if (isSignalR) await member.SendAsync("{\"protocol\":\"json\",\"version\":1}");
        var welcomed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = member.ReceiveAsync(welcomed); // ends with the socket
        await welcomed.Task.Within("the welcome");
        return member;
    }

    public void Dispose() => _socket.Dispose();

    private async Task ReceiveAsync(TaskCompletionSource welcomed)
    {
        var message = new ArrayBufferWriter<byte>();
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(message.GetMemory(4096), default);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default).Within("the close frame to be sent");
                    return;
                }
                message.Advance(part.Count);
                if (!part.EndOfMessage) continue;
                var isPing = Take(message.WrittenSpan, welcomed);
                message.ResetWrittenCount();
                if (isPing) await SendAsync("{\"type\":6}");
            }
        }
        catch (Exception gone) when (gone is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            welcomed.TrySetException(gone);
        }
    }

    /// <returns>True if SignalR wants a sign of life.</returns>
    private bool Take(ReadOnlySpan<byte> message, TaskCompletionSource welcomed)
    {
        if (UserId.Length == 0 && message.IndexOf("welcome"u8) >= 0)
        {
            (UserId, GuestKey) = (ValueAfter(message, "\"user_id\":\""u8), ValueAfter(message, "\"guest_key\":\""u8));
            welcomed.TrySetResult();
        }
        while (message.IndexOf("\"event\":\""u8) is >= 0 and var at)
        {
            message = message[at..];
            var (told, user) = (ValueAfter(message, "\"event\":\""u8), ValueAfter(message, "\"user_id\":\""u8));
            lock (_left)
            {
                var noted = told == "leave" ? _left : _joined;
                noted[user] = noted.GetValueOrDefault(user) + 1;
            }
            if (told == "leave") Interlocked.Increment(ref _total);
            message = message[1..];
        }
        return _isSignalR && message.IndexOf("{\"type\":6}"u8) >= 0;
    }

    private static string ValueAfter(ReadOnlySpan<byte> message, ReadOnlySpan<byte> name)
    {
        var at = message.IndexOf(name);
        if (at < 0) return ""; // the shutdown event is about nobody
        var rest = message[(at + name.Length)..];
        return Encoding.UTF8.GetString(rest[..rest.IndexOf((byte)'"')]);
    }

    private Task SendAsync(string record) =>
        _socket.SendAsync(
            (byte[])[.. Encoding.UTF8.GetBytes(record), RecordEnd], WebSocketMessageType.Text, true, default).Within("a record to be sent");
}
