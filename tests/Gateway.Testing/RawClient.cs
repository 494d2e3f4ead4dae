using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Gateway.Testing;

/// <summary>A raw client: a WebSocket library and nothing else.</summary>
public sealed class RawClient : IChatClient
{
    private readonly WebSocket _socket;
    private readonly HttpMessageInvoker? _invoker;
    private readonly Inbox _inbox;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonElement>> _asked = new();
    private readonly TaskCompletionSource<(int, string?)> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _sending = new(1);
    private readonly Task _receiving;
    private int _lastId;

    private RawClient(WebSocket socket, HttpMessageInvoker? invoker, Action<ReceivedMessage>? onMessage)
    {
        _socket = socket;
        _invoker = invoker;
        _inbox = new Inbox(onMessage);
        _receiving = ReceiveAsync();
    }

    public JsonElement Welcome { get; private set; }
    public IReadOnlyList<ReceivedMessage> All => _inbox.All;
    public Task<(int Code, string? Reason)> Closed => _closed.Task;

    /// <param name="onMessage">Called for one message after the other, in the order in which they came.</param>
    public static async Task<RawClient> ConnectAsync(
        Uri server, string query = "", Action<ClientWebSocketOptions>? configure = null, HttpMessageInvoker? invoker = null,
        Action<ReceivedMessage>? onMessage = null)
    {
        var client = await OpenAsync(server, query, configure, invoker, onMessage);
        client.Welcome = (await client.NextAsync("welcome")).Json;
        return client;
    }

    /// <summary>Connects without waiting for the welcome.</summary>
    public static async Task<RawClient> OpenAsync(
        Uri server, string query = "", Action<ClientWebSocketOptions>? configure = null, HttpMessageInvoker? invoker = null,
        Action<ReceivedMessage>? onMessage = null)
    {
        var socket = new ClientWebSocket();
        configure?.Invoke(socket.Options);
        var scheme = server.Scheme == "https" ? "wss" : "ws";
        await socket.ConnectAsync(new Uri($"{scheme}://{server.Authority}/ws{query}"), invoker, default).Within("the WebSocket to open");
        return new RawClient(socket, invoker, onMessage);
    }

    public Task SendAsync(string type, object? payload) => SendTextAsync(JsonSerializer.Serialize(new { type, payload }));

    public Task SendTextAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text);

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, WebSocketMessageType type, bool endOfMessage = true)
    {
        await _sending.WaitAsync().Within("the turn to send");
        try
        {
            await _socket.SendAsync(bytes, type, endOfMessage, default).AsTask().Within("a frame to be sent");
        }
        finally
        {
            _sending.Release();
        }
    }

    public async Task<JsonElement> RequestAsync(string type, object? payload)
    {
        var id = "r" + Interlocked.Increment(ref _lastId);
        var answer = _asked[id] = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendTextAsync(JsonSerializer.Serialize(new { type, payload, id }));
        return await answer.Task.Within($"the answer to {type}");
    }

    public Task<ReceivedMessage> NextAsync(string type, TimeSpan? limit = null) => _inbox.NextAsync(type, limit);

    public async Task CloseAsync()
    {
        await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "bye", default).Within("the close frame to be sent");
        await _closed.Task.Within("the server's close frame");
    }

    public void Abort() => _socket.Abort();

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _receiving.Within("the receive loop to end");
        _socket.Dispose();
        _invoker?.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var message = new MemoryStream();
        var buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(buffer.AsMemory(), default);
                if (part.MessageType == WebSocketMessageType.Close) break;
                message.Write(buffer, 0, part.Count);
                if (!part.EndOfMessage) continue;
                Take(message.GetBuffer().AsSpan(0, (int)message.Length));
                message.SetLength(0);
            }
            await AnswerCloseAsync();
            _closed.TrySetResult(((int)_socket.CloseStatus!.Value, _socket.CloseStatusDescription ?? ""));
            End($"closed with {(int)_socket.CloseStatus!.Value} {_socket.CloseStatusDescription}", null);
        }
        catch (Exception gone)
        {
            _closed.TrySetResult((1006, null));
            End(gone.Message, gone);
        }
    }

    private void End(string why, Exception? fault)
    {
        _inbox.End(why);
        foreach (var answer in _asked.Values)
            answer.TrySetException(new IOException($"the connection ended before the answer came: {why}", fault));
    }

    private async Task AnswerCloseAsync()
    {
        try
        {
            if (_socket.State == WebSocketState.CloseReceived) await _socket.CloseOutputAsync(_socket.CloseStatus!.Value, null, default);
        }
        catch (WebSocketException)
        {
            // What we received is the answer to a close of our own, which the socket notes only now as sent.
        }
    }

    private void Take(ReadOnlySpan<byte> frame)
    {
        var type = JsonSerializer.Deserialize<string>(RawJson.Value(frame, "type"))!;
        var payload = RawJson.Value(frame, "payload");
        var id = RawJson.Value(frame, "id");
        _inbox.Add(type, payload, id);
        if (type == "error") Told.Note(Encoding.UTF8.GetString(payload));
        if (type is not ("ack" or "error")) return; // only these answer
        if (id is not [(byte)'"', ..] || !_asked.TryRemove(JsonSerializer.Deserialize<string>(id)!, out var answer)) return;
        var json = JsonDocument.Parse(payload.ToArray()).RootElement;
        if (type == "ack") answer.TrySetResult(json);
        else answer.TrySetException(new GatewayError(json.GetProperty("code").GetInt32(), json.GetProperty("message").GetString()!));
    }
}
