using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Broadcast;

/// <summary>Opens and closes connections of every dialect: the table, the rooms, the welcome, the counters.</summary>
internal sealed partial class ConnectionLifecycle(
    ConnectionTable connections, RoomMembership membership, IReplicaRegistry replicas, IBackplane backplane, ConnectionObservers observers,
    SystemMessages systemMessages, GatewayMeter meter, Supervisor supervisor, string replica, ILogger<ConnectionLifecycle> logger)
{
    private static readonly Message ShutdownNotice = new("system", Payloads.System("shutdown"));

    private readonly Subscriptions _addresses = new(backplane, supervisor);
    private volatile bool _draining;

    /// <summary>Closes all connections for a shutdown, and from now on also each new one.</summary>
    /// <returns>The number of closed connections.</returns>
    public int Drain()
    {
        _draining = true; // before the snapshot: a connection that is not in the table yet will see it
        var all = connections.Snapshot();
        foreach (var connection in all) CloseForShutdown(connection);
        return all.Length;
    }

    /// <summary>
    /// Adds a connection and joins it to its initial rooms. It gets the welcome (unless it has a handler), then the messages that were
    /// published meanwhile.
    /// </summary>
    /// <returns>
    /// The error with which the caller closes the connection, or <c>null</c>. Call <see cref="OnDisconnectedAsync"/> in either case.
    /// </returns>
    public async ValueTask<Error?> OnConnectedAsync(Connection connection, IReadOnlyList<string> initialRooms)
    {
        connection.Closing = OnClosing; // before it is in the table, where others find it and may close it
        if (!connections.Add(connection)) return new Error(409, "there is a connection of this id");
        meter.CountConnected(connection.Dialect);
        Log.Connected(logger, connection.Id, connection.Dialect.Name(), connection.User.Id);
        if (!connection.Outbox.IsOpen) return Error.ConnectionClosed;
        try
        {
            if (backplane.CrossesReplicas)
            {
                foreach (var address in AddressesOf(connection))
                {
                    await _addresses.AcquireAsync(address).ConfigureAwait(false);
                    connection.SubscribedAddresses++;
                }
            }
            var positions = new List<(string, Position)>(initialRooms.Count);
            foreach (var room in initialRooms)
            {
                var joined = await membership.JoinAsync(connection, room).ConfigureAwait(false);
                if (joined.Error != null) return joined.Error;
                positions.Add((room, joined.Position));
            }
            if (connection.Dialect != Dialect.Frames && systemMessages.AreSent) Welcome(connection, positions);
            else if (connection.Dialect != Dialect.Frames) connection.Outbox.Uncork();
            observers.Connected(connection);
            if (_draining) CloseForShutdown(connection);
            return null;
        }
        catch (BackplaneException fault)
        {
            Log.BackplaneUnavailable(logger, connection.Id, fault.Message);
            return Error.BackplaneUnavailable;
        }
    }

    /// <summary>
    /// Removes a closing connection from its rooms and its user. It can join no room, and stays in the table until
    /// <see cref="OnDisconnectedAsync"/>, so that deadlines and shutdown find it.
    /// </summary>
    public ValueTask OnClosingAsync(Connection connection)
    {
        connections.RemoveFromUser(connection);
        return membership.LeaveAllAsync(connection);
    }

    /// <summary>Removes a connection that has ended.</summary>
    public async ValueTask OnDisconnectedAsync(Connection connection)
    {
        if (!connections.Remove(connection)) return;
        connection.CountEnded();
        try
        {
            await connection.LeaveTask.ConfigureAwait(false);
            await membership.LeaveAllAsync(connection).ConfigureAwait(false);
            foreach (var address in AddressesOf(connection).Take(connection.SubscribedAddresses)) _addresses.Release(address);
        }
        finally
        {
            observers.Disconnected(connection);
        }
        Log.Disconnected(logger, connection.Id);
    }

    /// <summary>
    /// Runs on another thread, because the caller may hold locks. <see cref="OnDisconnectedAsync"/> awaits it and gets its faults.
    /// </summary>
    private void OnClosing(Connection connection) => connection.LeaveTask = Task.Run(() => OnClosingAsync(connection).AsTask());

    private void Welcome(Connection connection, List<(string, Position)> positions)
    {
        var (user, counts) = (connection.User, replicas.Counts);
        var cluster = (counts.Replicas, counts.Connections);
        var welcome = new Message(
            "welcome",
            Payloads.Welcome(connection.Id, user.Id, user.Name, user.GuestKey, replica, positions, cluster));
        connection.Outbox.Uncork(new FrameBatch(MessageWriter.Write(welcome, welcome.Payload, connection.Outbox.Format)));
    }

    private static IEnumerable<Audience> AddressesOf(Connection connection)
    {
        if (connection.User.IsKnown) yield return Audience.User(connection.User.Id);
        yield return Audience.Connection(connection.Id);
    }

    private void CloseForShutdown(Connection connection)
    {
        if (connection.Dialect != Dialect.Frames && systemMessages.AreSent)
            connection.Reply(MessageWriter.Write(ShutdownNotice, ShutdownNotice.Payload, connection.Outbox.Format));
        connection.Close(CloseReason.Shutdown);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Connection {ConnectionId} ({Dialect}) of user {UserId} opened")]
        public static partial void Connected(ILogger logger, string connectionId, string dialect, string userId);

        [LoggerMessage(2, LogLevel.Debug, "Connection {ConnectionId} closed")]
        public static partial void Disconnected(ILogger logger, string connectionId);

        [LoggerMessage(3, LogLevel.Warning, "Rejecting connection {ConnectionId}: the backplane is unavailable: {Fault}")]
        public static partial void BackplaneUnavailable(ILogger logger, string connectionId, string fault);
    }
}
