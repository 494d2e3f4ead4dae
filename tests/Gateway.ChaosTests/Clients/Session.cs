using System.Text.Json;
using Gateway.Testing;

namespace Gateway.ChaosTests.Clients;

internal enum Dialect
{
    Raw,
    SignalR,
}

/// <summary>
/// One connection of a <see cref="ResumingClient"/>. What comes in a room while its join is not answered waits for the answer, which says
/// what it belongs to; if the connection ends before, it was not received, and the next connection asks for it again.
/// </summary>
internal sealed class Session : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly IReadOnlyDictionary<string, RoomLog> _rooms;
    private readonly Dictionary<string, List<Seen>> _waiting = [];
    private readonly Action<string> _onFault;
    private IChatClient? _client;
    private bool _isOver;

    private Session(IReadOnlyDictionary<string, RoomLog> rooms, Action<string> onFault)
    {
        _rooms = rooms;
        _onFault = onFault;
    }

    /// <summary>Completes when the connection has ended.</summary>
    public Task<(int Code, string? Reason)> Over => _client!.Closed;

    public static async Task<Session> OpenAsync(
        Dialect dialect, Uri server, string query, IReadOnlyDictionary<string, RoomLog> rooms, Action<string> onFault)
    {
        var session = new Session(rooms, onFault);
        session._client = dialect == Dialect.Raw
            ? await RawClient.ConnectAsync(server, query, onMessage: session.Take)
            : await SignalRClient.ConnectAsync(server, query, onMessage: session.Take);
        return session;
    }

    /// <summary>Enters a room, from its position on if it has one.</summary>
    /// <exception cref="GatewayError">It was refused.</exception>
    public async Task JoinAsync(RoomLog room)
    {
        var since = room.Position;
        lock (_lock) _waiting[room.Room] = [];
        object payload = since == null
            ? new { room = room.Room }
            : new { room = room.Room, since = new { epoch = since.Epoch, offset = since.Offset } };
        var answer = await _client!.RequestAsync("join", payload);
        var at = new Position(answer.GetProperty("epoch").GetString()!, answer.GetProperty("offset").GetInt64());
        var joined = since == null ? new JoinResult(at) : new JoinResult(
            at, since, answer.GetProperty("recovered").GetBoolean(),
            answer.TryGetProperty("reason", out var reason) ? reason.GetString() : null,
            answer.TryGetProperty("replayed", out var number) ? number.GetInt64() : 0);
        lock (_lock)
        {
            if (_isOver || !_waiting.Remove(room.Room, out var meanwhile)) return;
            // What could be had of what it missed came first, and still belongs to where it was.
            var replayed = joined is { Since: not null, Recovered: false } ? (int)joined.Replayed : 0;
            room.Add([.. meanwhile.Take(replayed), joined, .. meanwhile.Skip(replayed)]);
        }
    }

    public async Task<long> ChatAsync(string room, MessageId id)
    {
        var text = $"{id}";
        var answer = await _client!.RequestAsync("chat", new { room, content = Content(text), message_id = text });
        return answer.GetProperty("offset").GetInt64();
    }

    public Task PingAsync() => _client!.RequestAsync("ping", null);

    public void Abort() => _client?.Abort();

    public async ValueTask DisposeAsync()
    {
        lock (_lock) _isOver = true;
        await _client!.DisposeAsync();
    }

    private static string Content(string id) => id.PadRight(64, '.');

    private void Take(ReceivedMessage message)
    {
        try
        {
            if (Read(message.Type, message.Json) is not { } seen) return;
            var room = message.Text("room")!;
            lock (_lock)
            {
                if (_isOver) return;
                if (_waiting.TryGetValue(room, out var waiting)) waiting.Add(seen);
                else _rooms[room].Add(seen);
            }
        }
        catch (Exception fault)
        {
            _onFault($"{message}: {fault.Message}");
        }
    }

    private static Seen? Read(string type, JsonElement payload)
    {
        if (type == "chat")
        {
            var id = payload.GetProperty("message_id").GetString()!;
            if (payload.GetProperty("content").GetString() != Content(id)) throw new FormatException("not the content that was sent");
            return new Message(payload.GetProperty("offset").GetInt64(), MessageId.Parse(id));
        }
        if (type != "system" || payload.GetProperty("event").GetString() != "gap") return null;
        var from = payload.GetProperty("from").GetInt64();
        return payload.TryGetProperty("epoch", out var epoch)
            ? new EpochChanged(from, new Position(epoch.GetString()!, payload.GetProperty("offset").GetInt64()))
            : new Gap(from, payload.GetProperty("to").GetInt64(), payload.GetProperty("missed").GetInt64());
    }
}
