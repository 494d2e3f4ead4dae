using System.Collections.Concurrent;
using Gateway.Core.Broadcast;
using Gateway.Core.Limits;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Limits;

/// <summary>
/// One budget for each user on all replicas. A replica takes slices of it from Redis, ahead of need, and spends them without asking; what it has not used for a while it gives
/// back, but for a little. Where a slice is used up before the next one is there, it goes on for a little, and settles that with the next one. Redis never grants more than the budget
/// in any window; what was granted may be spent later than that, so a window may hold more by what replicas held when it began, and by what they owe. While Redis is away each
/// replica has its share of the budget, exactly.
/// </summary>
internal sealed class RedisUserQuotas : IUserQuotas, IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestHold = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, QuotaLease> _purses = new(StringComparer.Ordinal);
    private readonly RedisServers _servers;
    private readonly RedisKeys _keys;
    private readonly IReplicaRegistry _replicas;
    private readonly TimeProvider _time;
    private readonly int _messages;
    private readonly TimeSpan _window;
    private readonly TimeSpan _hold;
    private readonly SupervisedLoop _asking;
    private readonly ITimer _sweep;

    public RedisUserQuotas(int messages, TimeSpan window, RedisServers servers, RedisKeys keys, IReplicaRegistry replicas, Supervisor supervisor, TimeProvider time)
    {
        (_messages, _window, _servers, _keys, _replicas, _time) = (messages, window, servers, keys, replicas, time);
        _hold = window / 20 < LongestHold ? window / 20 : LongestHold;
        _asking = supervisor.Loop("user_budgets");
        _sweep = supervisor.Loop("user_budgets_sweep").Every(_hold, Sweep);
    }

    /// <summary>What may be kept, and what may be owed.</summary>
    private int Little => Math.Max(1, _messages / 40);

    public void Prefetch(string userId)
    {
        var purse = _purses.GetOrAdd(userId, static _ => new QuotaLease());
        lock (purse)
        {
            purse.UsedAt = _time.GetTimestamp();
            if (purse is { IsForgotten: false, Left: <= 0 }) AskLocked(userId, purse);
        }
    }

    public bool TryAcquire(string userId, out TimeSpan retryAfter)
    {
        while (true)
        {
            var purse = _purses.GetOrAdd(userId, static _ => new QuotaLease());
            lock (purse)
                if (!purse.IsForgotten)
                    return TryTakeLocked(userId, purse, out retryAfter);
        }
    }

    public void Dispose() => _sweep.Dispose();

    private bool TryTakeLocked(string userId, QuotaLease purse, out TimeSpan retryAfter)
    {
        purse.UsedAt = _time.GetTimestamp();
        if (!_servers.For(_keys.Budget(userId)).IsUp)
        {
            var share = Math.Max(1, (int)Math.Ceiling(_messages / (double)Math.Max(1, _replicas.Counts.Replicas)));
            return purse.Alone.TryAdd(share, _window, _time, out retryAfter);
        }
        var waits = purse.EmptyUntil - _time.GetTimestamp();
        retryAfter = waits > 0 ? _time.GetElapsedTime(0, waits) : Soon;
        // What was granted is used at any time. Beyond it something may be owed, unless Redis has said that nothing is left.
        var may = purse.Left > 0 || (purse.EmptyUntil == 0 && purse.Left > -Little);
        if (may)
        {
            purse.Left--;
            purse.Alone.TryAdd(_messages, _window, _time, out _); // so that it counts when Redis goes away
        }
        if (purse.Left <= purse.Granted / 2 && waits <= 0) AskLocked(userId, purse);
        return may;
    }

    private void AskLocked(string userId, QuotaLease purse)
    {
        if (purse.Asking) return;
        purse.Asking = true;
        var owed = Math.Max(0, -purse.Left);
        purse.Left += owed;
        _asking.Start(() => AskAsync(userId, purse, owed, wanted: true)); // ends within the limit of a command
    }

    private async Task AskAsync(string userId, QuotaLease purse, int owed, bool wanted)
    {
        try
        {
            var answer = (int[])(await _servers.For(_keys.Budget(userId)).AskAsync(database => database.ScriptEvaluateAsync(
                UserQuotaScript.Take, [_keys.Budget(userId)], [_messages, (long)_window.TotalMilliseconds, owed, wanted ? 1 : 0])))!;
            if (!wanted) return;
            lock (purse)
            {
                purse.Granted = answer[0];
                purse.Left += answer[0];
                purse.EmptyUntil = answer[0] > 0 ? 0 : _time.GetTimestamp() + (answer[1] * _time.TimestampFrequency / 1000);
            }
        }
        catch (BackplaneException)
        {
            // What was owed is forgotten: whether it was booked is not known.
        }
        finally
        {
            lock (purse)
                if (wanted) purse.Asking = false;
        }
    }

    /// <summary>Gives back what lies idle, and forgets who has been silent for so long that nothing counts any more.</summary>
    private void Sweep()
    {
        foreach (var (userId, purse) in _purses)
        {
            lock (purse)
            {
                var idle = _time.GetElapsedTime(purse.UsedAt);
                if (idle < _hold || purse.Asking) continue;
                var forget = idle > 2 * _window;
                var back = purse.Left - (forget ? 0 : Little);
                if (back != 0 && (back > 0 || forget))
                {
                    purse.Left -= back;
                    if (back > 0) _asking.Start(() => AskAsync(userId, purse, -back, wanted: false));
                }
                if (!forget) continue;
                purse.IsForgotten = true;
                _purses.TryRemove(userId, out _);
            }
        }
    }

    /// <summary>What this replica has of one user's budget. Guarded by itself.</summary>
    private sealed class QuotaLease
    {
        /// <summary>What has passed here, for when Redis is away.</summary>
        public SlidingWindow Alone;

        /// <summary>Below nought: owed.</summary>
        public int Left;

        /// <summary>The last slice.</summary>
        public int Granted;

        /// <summary>Until then nothing is to be had; 0: that is not known.</summary>
        public long EmptyUntil;
        public long UsedAt;
        public bool Asking;
        public bool IsForgotten;
    }
}
