using Gateway.Configuration;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Listening;

/// <summary>
/// Ends connections that have not sent a request in time, the oldest first. While no more connections can be accepted, the time is shorter,
/// so that idle connections do not keep out those with a request.
/// </summary>
internal sealed class FirstRequestDeadline : IDisposable
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LimitWhenFull = TimeSpan.FromMilliseconds(500);

    private readonly TimeSpan _limit;
    private readonly TcpConnectionLimiter _limiter;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    // Guarded by itself.
    private readonly LinkedList<(AcceptedConnection Connection, long Since)> _waiting = [];

    public FirstRequestDeadline(ProgramOptions options, TcpConnectionLimiter limiter, TimeProvider time)
    {
        _limit = options.Server.FirstRequestTimeout;
        _limiter = limiter;
        _time = time;
        _timer = time.CreateTimer(
            static state => ((FirstRequestDeadline)state!).AbortLate(), this, CheckInterval, CheckInterval);
    }

    public void Add(AcceptedConnection connection)
    {
        lock (_waiting) connection.WaitingNode = _waiting.AddLast((connection, _time.GetTimestamp()));
    }

    public void Remove(AcceptedConnection connection)
    {
        if (connection.WaitingNode == null) return;
        lock (_waiting)
        {
            if (connection.WaitingNode is not { } node) return;
            connection.WaitingNode = null;
            _waiting.Remove(node);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void AbortLate()
    {
        var limit = _limiter.IsFull && _limit > LimitWhenFull ? LimitWhenFull : _limit;
        while (RemoveLate(limit) is { } late) late.Abort(new ConnectionAbortedException("the first request did not arrive in time"));
    }

    private AcceptedConnection? RemoveLate(TimeSpan limit)
    {
        lock (_waiting)
        {
            if (_waiting.First is not { Value: var (connection, since) } || _time.GetElapsedTime(since) < limit) return null;
            connection.WaitingNode = null;
            _waiting.RemoveFirst();
            return connection;
        }
    }
}
