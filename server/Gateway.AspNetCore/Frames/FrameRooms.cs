using System.Text.Json;
using System.Threading.Channels;
using Gateway.AspNetCore.Domains;
using Gateway.Core.Broadcast;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;

namespace Gateway.AspNetCore.Frames;

/// <summary>
/// A handler's way into the rooms of its hub. It goes through the one door for commands as its client's user: with the rights, the limits
/// and the presence of any other client.
/// </summary>
public sealed class FrameRooms
{
    private readonly GatewayDomain _hub;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private Connection? _connection;
    private Inbox? _inbox;
    private bool _ended;

    internal FrameRooms(GatewayDomain hub, TimeProvider time)
    {
        _hub = hub;
        _time = time;
    }

    /// <summary>
    /// What the hub has for this connection: of the rooms that it has joined, and sent to its user. Bounded as an outbox is, with the same
    /// policies: a handler that does not read while much comes is a slow consumer. It ends when the client has closed. Until this, or a
    /// command, is first used, nothing is kept for it.
    /// </summary>
    public ChannelReader<RoomMessage> Messages => Open().Messages;

    /// <summary>
    /// Carries out a command: <c>join</c>, <c>leave</c>, <c>chat</c>, <c>direct</c>, <c>presence</c>, <c>history</c>, or a type of one's
    /// own.
    /// </summary>
    /// <param name="payload">One JSON value in UTF-8.</param>
    /// <returns>The result, as JSON.</returns>
    /// <exception cref="CommandRefusedException">As any client would have been.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> CommandAsync(string type, ReadOnlyMemory<byte> payload)
    {
        Open();
        var outcome = await _hub.Get<CommandRouter>().ExecuteAsync(Connection, type, payload.Span);
        return outcome.Error is { } error ? throw new CommandRefusedException(error.Code, error.Text) : outcome.Result;
    }

    /// <inheritdoc cref="CommandAsync(string, ReadOnlyMemory{byte})"/>
    public ValueTask<ReadOnlyMemory<byte>> CommandAsync(string type, object payload) =>
        CommandAsync(type, JsonSerializer.SerializeToUtf8Bytes(payload, JsonSerializerOptions.Web));

    public async ValueTask JoinAsync(string room) => await CommandAsync("join", new { room });

    public async ValueTask LeaveAsync(string room) => await CommandAsync("leave", new { room });

    public async ValueTask ChatAsync(string room, string content) => await CommandAsync("chat", new { room, content });

    /// <summary>Publishes as the server: whatever the room's policy says about clients.</summary>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    public ValueTask PublishAsync(string room, string type, ReadOnlyMemory<byte> payload, CancellationToken cancel = default) =>
        RoomName.Check(room) is { } error
            ? throw new CommandRefusedException(error.Code, error.Text)
            : _hub.PublishAsync(Audience.Room(RoomName.Normalize(room)), type, payload, cancel);

    /// <summary>From now on the hub's relayed frames go to the client.</summary>
    internal async ValueTask EnterRelayAsync() => await _hub.Get<RoomMembership>().JoinUncheckedAsync(Connection, RoomName.Relay);

    /// <summary>To everyone on the hub's relay, on all replicas, as it is.</summary>
    /// <remarks>There is no error that its client would understand: what a muted user sends is discarded and counted.</remarks>
    internal async ValueTask RelayAsync(Frame frame, bool echo, CancellationToken cancel)
    {
        // A connection that is being closed can do nothing any more
        if (!Connection.Outbox.IsOpen || _hub.Get<Moderator>().ShouldDropFrame(Connection)) return;
        var audience = Audience.Room(RoomName.Relay);
        await _hub.Get<Publisher>()
            .PublishAsync(
                echo ? audience : audience with { Except = [Connection.Id] }, Message.Frame((byte)frame.Kind, frame.Data), cancel: cancel);
    }

    internal void Attach(Connection connection) => _connection = connection;

    /// <summary>The client has closed: there is nobody to tell anything any more.</summary>
    internal void End()
    {
        lock (_lock)
        {
            _ended = true;
            _inbox?.Complete();
        }
    }

    /// <summary>The connection is over.</summary>
    internal async ValueTask CloseAsync(TimeSpan grace)
    {
        Inbox? inbox;
        lock (_lock) inbox = _inbox;
        if (inbox != null) await inbox.StopAsync(grace);
    }

    private Connection Connection =>
        _connection
            ?? throw new InvalidOperationException(
                "The rooms are there once the connection stands: use them in EnterAsync or RunAsync, not in InitAsync.");

    private Inbox Open()
    {
        var connection = Connection;
        lock (_lock)
        {
            if (_inbox != null) return _inbox;
            _inbox = new Inbox(connection, _hub.Limits, _time);
            if (_ended) _inbox.Complete();
            return _inbox;
        }
    }
}
