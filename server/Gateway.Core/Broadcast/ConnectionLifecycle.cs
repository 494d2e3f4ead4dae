using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Broadcast;

/// <summary>Where connections of every dialect come in and go out: tables, rooms, the welcome, the counters.</summary>
internal sealed partial class ConnectionLifecycle(
    ConnectionTable connections, RoomMembership membership, IReplicaRegistry replicas, IBackplane backplane, GatewayMeter meter, Supervisor supervisor, string replica,
    ILogger<ConnectionLifecycle> logger)
{
    private static readonly Message ShutdownNotice = new("system", Payloads.System("shutdown"));

    private readonly Subscriptions _addresses = new(backplane, supervisor);
    private volatile bool _draining;

    /// <summary>The gateway stops: tells every client, and from now on also each that is just coming in.</summary>
    /// <returns>How many were told.</returns>
    public int Drain()
    {
        _draining = true; // ahead of the look at the table: whoever is not in it yet will see this
        var all = connections.Snapshot();
        foreach (var connection in all) Drain(connection);
        return all.Length;
    }

    /// <summary>Enters a connection into its first rooms and lets it hear: the welcome first (not where a handler has the word), then whatever has come meanwhile.</summary>
    /// <returns>Why it cannot stay; the caller then ends it, and calls <see cref="OnDisconnectedAsync"/> in any case.</returns>
    public async ValueTask<Error?> OnConnectedAsync(Connection connection, IReadOnlyList<string> initialRooms)
    {
        connection.Closing = OnClosing; // ahead of the table, in which others find it to close it
        if (!connections.Add(connection)) return new Error(409, "there is a connection of this id");
        meter.CountConnected(connection.Dialect);
        Log.Arrived(logger, connection.Id, connection.Dialect.Name(), connection.User.Id);
        if (!connection.Outbox.IsOpen) return Error.ConnectionClosed;
        try
        {
            if (backplane.CrossesReplicas)
            {
                await _addresses.AcquireAsync(Audience.User(connection.User.Id)).ConfigureAwait(false);
                connection.SubscribedAddresses++;
                await _addresses.AcquireAsync(Audience.Connection(connection.Id)).ConfigureAwait(false);
                connection.SubscribedAddresses++;
            }
            var positions = new List<(string, Position)>(initialRooms.Count);
            foreach (var room in initialRooms)
            {
                var joined = await membership.JoinAsync(connection, room).ConfigureAwait(false);
                if (joined.Error != null) return joined.Error;
                positions.Add((room, joined.Position));
            }
            if (connection.Dialect != Dialect.Frames) Welcome(connection, positions);
            if (_draining) Drain(connection);
            return null;
        }
        catch (BackplaneException fault)
        {
            Log.BackplaneAway(logger, connection.Id, fault.Message);
            return Error.BackplaneUnavailable;
        }
    }

    /// <summary>
    /// The connection takes no part any more: it leaves its rooms and its user, and gets into no room. It ends with
    /// <see cref="OnDisconnectedAsync"/>; until then it stays in the table, so that deadlines and shutdown still find it.
    /// </summary>
    public ValueTask OnClosingAsync(Connection connection)
    {
        connections.RemoveFromUser(connection);
        return membership.LeaveAllAsync(connection);
    }

    public async ValueTask OnDisconnectedAsync(Connection connection)
    {
        if (!connections.Remove(connection)) return;
        connection.CountEnded();
        await connection.LeaveTask.ConfigureAwait(false);
        await membership.LeaveAllAsync(connection).ConfigureAwait(false);
        if (connection.SubscribedAddresses > 0) _addresses.Release(Audience.User(connection.User.Id));
        if (connection.SubscribedAddresses > 1) _addresses.Release(Audience.Connection(connection.Id));
        Log.Departed(logger, connection.Id);
    }

    /// <summary>
    /// On a thread of its own: whoever closes a connection may hold locks. <see cref="OnDisconnectedAsync"/> waits for it and hears of its faults.
    /// </summary>
    private void OnClosing(Connection connection) => connection.LeaveTask = Task.Run(() => OnClosingAsync(connection).AsTask());

    private void Welcome(Connection connection, List<(string, Position)> positions)
    {
        var (user, cluster) = (connection.User, replicas.Counts);
        var welcome = new Message(
            "welcome", Payloads.Welcome(connection.Id, user.Id, user.Name, user.GuestKey, replica, positions, (cluster.Replicas, cluster.Connections)));
        connection.Outbox.Uncork(new FrameBatch(MessageWriter.Write(welcome, welcome.Payload, connection.Outbox.Format)));
    }

    private static void Drain(Connection connection)
    {
        if (connection.Dialect != Dialect.Frames) connection.Reply(MessageWriter.Write(ShutdownNotice, ShutdownNotice.Payload, connection.Outbox.Format));
        connection.Close(CloseReason.Shutdown);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Connection {ConnectionId} ({Dialect}) of user {UserId} arrived")]
        public static partial void Arrived(ILogger logger, string connectionId, string dialect, string userId);

        [LoggerMessage(2, LogLevel.Debug, "Connection {ConnectionId} departed")]
        public static partial void Departed(ILogger logger, string connectionId);

        [LoggerMessage(3, LogLevel.Warning, "Connection {ConnectionId} is turned away, the backplane is away: {Fault}")]
        public static partial void BackplaneAway(ILogger logger, string connectionId, string fault);
    }
}
