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

/// <summary>Gives a frame handler access to the rooms of its domain.</summary>
/// <remarks>Commands run as the connection's user, with the permissions, limits and presence of any other client.</remarks>
public sealed class FrameRooms
{
    private readonly GatewayDomain _domain;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private Connection? _connection;
    private Inbox? _inbox;
    private bool _ended;

    internal FrameRooms(GatewayDomain hub, TimeProvider time)
    {
        _domain = hub;
        _time = time;
    }

    /// <summary>Gets the messages for this connection: those of the rooms that it has joined, and those sent to its user.</summary>
    /// <remarks>
    /// Messages wait in a bounded outbox. A handler that does not read is a slow consumer, and the policy of the room applies. The channel
    /// completes when the client has closed. Messages are collected from the first use of this property or of a command on.
    /// </remarks>
    public ChannelReader<RoomMessage> Messages => Open().Messages;

    /// <summary>
    /// Runs a command: <c>join</c>, <c>leave</c>, <c>chat</c>, <c>direct</c>, <c>presence</c>, <c>history</c>, or a custom type.
    /// </summary>
    /// <param name="type">The type of the command.</param>
    /// <param name="payload">One JSON value in UTF-8.</param>
    /// <returns>The result, as JSON.</returns>
    /// <exception cref="CommandRefusedException">The command was refused.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> CommandAsync(string type, ReadOnlyMemory<byte> payload)
    {
        Open();
        var outcome = await _domain.Get<CommandRouter>().ExecuteAsync(Connection, type, payload.Span);
        return outcome.Error is { } error ? throw new CommandRefusedException(error.Code, error.Text) : outcome.Result;
    }

    /// <inheritdoc cref="CommandAsync(string, ReadOnlyMemory{byte})"/>
    public ValueTask<ReadOnlyMemory<byte>> CommandAsync(string type, object payload) =>
        CommandAsync(type, JsonSerializer.SerializeToUtf8Bytes(payload, JsonSerializerOptions.Web));

    /// <summary>Joins a room.</summary>
    /// <exception cref="CommandRefusedException">The command was refused.</exception>
    public async ValueTask JoinAsync(string room) => await CommandAsync("join", new { room });

    /// <summary>Leaves a room.</summary>
    /// <exception cref="CommandRefusedException">The command was refused.</exception>
    public async ValueTask LeaveAsync(string room) => await CommandAsync("leave", new { room });

    /// <summary>Sends a chat message to a room.</summary>
    /// <exception cref="CommandRefusedException">The command was refused.</exception>
    public async ValueTask ChatAsync(string room, string content) => await CommandAsync("chat", new { room, content });

    /// <summary>Publishes a message to a room as the server. The room's restrictions on clients do not apply.</summary>
    /// <exception cref="BackplaneException">The backplane is not available.</exception>
    public ValueTask PublishAsync(string room, string type, ReadOnlyMemory<byte> payload, CancellationToken cancel = default) =>
        RoomName.Check(room) is { } error
            ? throw new CommandRefusedException(error.Code, error.Text)
            : _domain.PublishAsync(Audience.Room(RoomName.Normalize(room)), type, payload, cancel);

    /// <summary>Subscribes the connection to the relayed frames of the domain.</summary>
    internal async ValueTask EnterRelayAsync() => await _domain.Get<RoomMembership>().JoinUncheckedAsync(Connection, RoomName.Relay);

    /// <summary>Sends a frame to all relay connections of the domain, on all replicas.</summary>
    /// <remarks>A frame from a muted user is discarded and counted.</remarks>
    internal async ValueTask RelayAsync(Frame frame, bool echo, CancellationToken cancel)
    {
        // A connection that is being closed sends nothing more.
        if (!Connection.Outbox.IsOpen || _domain.Get<Moderator>().ShouldDropFrame(Connection)) return;
        var audience = Audience.Room(RoomName.Relay);
        await _domain.Get<Publisher>()
            .PublishAsync(
                echo ? audience : audience with { Except = [Connection.Id] }, Message.Frame((byte)frame.Kind, frame.Data), cancel: cancel);
    }

    internal void Attach(Connection connection) => _connection = connection;

    /// <summary>Completes <see cref="Messages"/>: the client has closed.</summary>
    internal void End()
    {
        lock (_lock)
        {
            _ended = true;
            _inbox?.Complete();
        }
    }

    /// <summary>Stops the delivery of messages. The connection has ended.</summary>
    internal async ValueTask CloseAsync(TimeSpan grace)
    {
        Inbox? inbox;
        lock (_lock) inbox = _inbox;
        if (inbox != null) await inbox.StopAsync(grace);
    }

    private Connection Connection =>
        _connection
            ?? throw new InvalidOperationException(
                "The rooms are not available in InitAsync. Use them in EnterAsync or RunAsync.");

    private Inbox Open()
    {
        var connection = Connection;
        lock (_lock)
        {
            if (_inbox != null) return _inbox;
            _inbox = new Inbox(connection, _domain.Limits, _time);
            if (_ended) _inbox.Complete();
            return _inbox;
        }
    }
}
