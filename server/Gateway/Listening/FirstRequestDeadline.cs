using Gateway.Configuration;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Listening;

/// <summary>
/// The connections that have not brought a request yet, oldest first: one that takes too long is ended. Where there are no places for others it takes too long sooner, so that
/// connections without a byte cannot keep out those with a request.
/// </summary>
internal sealed class FirstRequestDeadline : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan WhenFull = TimeSpan.FromMilliseconds(500);

    private readonly TimeSpan _limit;
    private readonly ConnectionBudget _budget;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    // Guarded by itself.
    private readonly LinkedList<(AcceptedConnection Connection, long Since)> _awaited = [];

    public FirstRequestDeadline(ProgramOptions options, ConnectionBudget budget, TimeProvider time)
    {
        _limit = options.Server.FirstRequestTimeout;
        _budget = budget;
        _time = time;
        _timer = time.CreateTimer(static state => ((FirstRequestDeadline)state!).EndLate(), this, Look, Look);
    }

    public void Add(AcceptedConnection connection)
    {
        lock (_awaited) connection.Awaited = _awaited.AddLast((connection, _time.GetTimestamp()));
    }

    public void Remove(AcceptedConnection connection)
    {
        if (connection.Awaited == null) return;
        lock (_awaited)
        {
            if (connection.Awaited is not { } place) return;
            connection.Awaited = null;
            _awaited.Remove(place);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void EndLate()
    {
        var limit = _budget.IsFull && _limit > WhenFull ? WhenFull : _limit;
        while (TakeLate(limit) is { } late) late.Abort(new ConnectionAbortedException("the first request did not come in time"));
    }

    private AcceptedConnection? TakeLate(TimeSpan limit)
    {
        lock (_awaited)
        {
            if (_awaited.First is not { Value: var (connection, since) } || _time.GetElapsedTime(since) < limit) return null;
            connection.Awaited = null;
            _awaited.RemoveFirst();
            return connection;
        }
    }
}
