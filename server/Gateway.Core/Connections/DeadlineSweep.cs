using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;

namespace Gateway.Core.Connections;

/// <summary>How long a connection may be silent or stuck.</summary>
/// <param name="WriteWait">The time limit of a write, and of the client's reply to a close frame.</param>
/// <param name="PingPeriod">After this silence, a raw client or a client of a handler gets a ping.</param>
/// <param name="PongWait">
/// After this silence, the connection is closed. It is also the time limit for a whole message of any client.
/// </param>
internal sealed record Deadlines(TimeSpan WriteWait, TimeSpan PingPeriod, TimeSpan PongWait);

/// <summary>
/// Checks the deadlines of all connections about once a second. One timer for all of them costs less than several for each.
/// </summary>
internal sealed class DeadlineSweep : IDisposable
{
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);
    private static readonly FrameBatch Ping = new(WebSocketFrame.WritePing());

    private readonly ConnectionTable _connections;
    private readonly Deadlines _deadlines;
    private readonly TimeProvider _time;
    private readonly SupervisedLoop _loop;
    private readonly ITimer _timer;
    private readonly Lock _sweeping = new();
    private Membership[] _batch = [];

    public DeadlineSweep(ConnectionTable connections, Deadlines deadlines, Supervisor supervisor, TimeProvider time)
    {
        _connections = connections;
        _deadlines = deadlines;
        _time = time;
        _loop = supervisor.Loop("deadline_sweep");
        var shortest = new[] { deadlines.WriteWait, deadlines.PingPeriod, deadlines.PongWait - deadlines.PingPeriod }.Min() / 4;
        var period = shortest < ShortestPeriod ? ShortestPeriod : shortest > LongestPeriod ? LongestPeriod : shortest;
        _timer = _loop.Every(period, Sweep);
    }

    public void Dispose() => _timer.Dispose();

    private void Sweep()
    {
        if (!_sweeping.TryEnter()) return; // the last sweep is still running
        try
        {
            for (var shard = 0; shard < _connections.Shards; shard++)
            {
                var count = _connections.Everyone.Copy(shard, ref _batch);
                foreach (var membership in _batch.AsSpan(0, count)) TryCheck(membership.Connection);
                Array.Clear(_batch, 0, count);
            }
        }
        finally
        {
            _sweeping.Exit();
        }
    }

    /// <summary>A fault of one connection does not affect the others.</summary>
    private void TryCheck(Connection connection)
    {
        try
        {
            Check(connection);
        }
        catch (Exception fault)
        {
            _loop.Report(fault);
        }
    }

    private void Check(Connection connection)
    {
        var outbox = connection.Outbox;
        if (outbox.IsOverdue(_deadlines.WriteWait)) connection.AbortOverdue();
        connection.CheckToken();
        connection.ReleaseIdleLimits();
        if (connection.IsReadingPaused) return; // nothing is read, so silence means nothing
        if (connection.IsMessageOverdue(_deadlines.PongWait)) connection.Close(CloseReason.UnfinishedMessage);
        var silent = _time.GetElapsedTime(outbox.LastReceived);
        if (silent > connection.SilenceLimit) CloseSilent(connection, CloseReason.ClientTimeout);
        if (connection.Dialect == Dialect.SignalR) return; // SignalR has pings of its own
        if (silent > _deadlines.PongWait) CloseSilent(connection, CloseReason.PongTimeout);
        else if (silent > _deadlines.PingPeriod && connection.PingedAt <= outbox.LastReceived)
        {
            connection.PingedAt = _time.GetTimestamp();
            outbox.Post(Ping);
        }
    }

    /// <summary>
    /// Closes a silent connection, and aborts it a second later. Most silent clients are gone, so they do not get a whole write deadline.
    /// </summary>
    private void CloseSilent(Connection connection, CloseReason reason)
    {
        if (connection.TimedOutAt == 0)
        {
            connection.TimedOutAt = _time.GetTimestamp();
            connection.Close(reason);
        }
        else if (_time.GetElapsedTime(connection.TimedOutAt) >= CloseTimeout)
        {
            connection.Outbox.Abort();
        }
    }
}
