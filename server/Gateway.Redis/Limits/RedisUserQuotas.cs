using System.Collections.Concurrent;
using Gateway.Core.Broadcast;
using Gateway.Core.Limits;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Limits;

/// <summary>
/// One quota per user for all replicas. A replica leases parts of the quota from Redis ahead of need and spends them without asking. What
/// it has not used for a while it returns, except for a small reserve. If a lease is used up before the next one arrives, the user may
/// overdraw it a little; the next lease settles that. Redis never grants more than the quota in any window. A lease may be spent later than
/// it was granted, so a window may have more messages by what replicas held when it began and by what they overdraw. While Redis is
/// unavailable, each replica has exactly its share.
/// </summary>
internal sealed class RedisUserQuotas : IUserQuotas, IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan MaxIdleLimit = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, QuotaLease> _leases = new(StringComparer.Ordinal);
    private readonly RedisServers _servers;
    private readonly RedisKeys _keys;
    private readonly IReplicaRegistry _replicas;
    private readonly TimeProvider _time;
    private readonly int _messages;
    private readonly TimeSpan _window;
    private readonly TimeSpan _idleLimit;
    private readonly SupervisedLoop _requests;
    private readonly ITimer _sweep;

    public RedisUserQuotas(
        int messages, TimeSpan window, RedisServers servers, RedisKeys keys, IReplicaRegistry replicas, Supervisor supervisor,
        TimeProvider time)
    {
        (_messages, _window, _servers, _keys, _replicas, _time) = (messages, window, servers, keys, replicas, time);
        _idleLimit = window / 20 < MaxIdleLimit ? window / 20 : MaxIdleLimit;
        _requests = supervisor.Loop("user_budgets");
        _sweep = supervisor.Loop("user_budgets_sweep").Every(_idleLimit, Sweep);
    }

    /// <summary>How many messages an idle lease keeps, and by how many a lease may be overdrawn.</summary>
    private int Reserve => Math.Max(1, _messages / 40);

    public void Prefetch(string userId)
    {
        var lease = _leases.GetOrAdd(userId, static _ => new QuotaLease());
        lock (lease)
        {
            lease.UsedAt = _time.GetTimestamp();
            if (lease is { IsRemoved: false, Remaining: <= 0 }) RequestLocked(userId, lease);
        }
    }

    public bool TryAcquire(string userId, out TimeSpan retryAfter)
    {
        while (true)
        {
            var lease = _leases.GetOrAdd(userId, static _ => new QuotaLease());
            lock (lease)
                if (!lease.IsRemoved)
                    return TryTakeLocked(userId, lease, out retryAfter);
        }
    }

    public void Dispose() => _sweep.Dispose();

    private bool TryTakeLocked(string userId, QuotaLease lease, out TimeSpan retryAfter)
    {
        lease.UsedAt = _time.GetTimestamp();
        if (!_servers.For(_keys.UserQuota(userId)).IsUp)
        {
            var share = Math.Max(1, (int)Math.Ceiling(_messages / (double)Math.Max(1, _replicas.Counts.Replicas)));
            return lease.LocalWindow.TryAdd(share, _window, _time, out retryAfter);
        }
        var remainingWait = lease.ExhaustedUntil - _time.GetTimestamp();
        retryAfter = remainingWait > 0 ? _time.GetElapsedTime(0, remainingWait) : RetryDelay;
        // Granted messages may be used at any time. The lease may be overdrawn, unless Redis has said that the quota is used up.
        var isAllowed = lease.Remaining > 0 || (lease.ExhaustedUntil == 0 && lease.Remaining > -Reserve);
        if (isAllowed)
        {
            lease.Remaining--;
            lease.LocalWindow.TryAdd(_messages, _window, _time, out _); // counts when Redis becomes unavailable
        }
        if (lease.Remaining <= lease.Granted / 2 && remainingWait <= 0) RequestLocked(userId, lease);
        return isAllowed;
    }

    private void RequestLocked(string userId, QuotaLease lease)
    {
        if (lease.IsRequesting) return;
        lease.IsRequesting = true;
        var overdraft = Math.Max(0, -lease.Remaining);
        lease.Remaining += overdraft;
        _requests.Start(() => RequestAsync(userId, lease, overdraft, isRequest: true)); // ends within the timeout of a command
    }

    private async Task RequestAsync(string userId, QuotaLease lease, int overdraft, bool isRequest)
    {
        try
        {
            RedisValue[] arguments = [_messages, (long)_window.TotalMilliseconds, overdraft, isRequest ? 1 : 0];
            var reply = (int[])(await _servers.For(_keys.UserQuota(userId)).ExecuteAsync(
                database => database.ScriptEvaluateAsync(UserQuotaScript.Lease, [_keys.UserQuota(userId)], arguments)))!;
            if (!isRequest) return;
            lock (lease)
            {
                lease.Granted = reply[0];
                lease.Remaining += reply[0];
                lease.ExhaustedUntil = reply[0] > 0 ? 0 : _time.GetTimestamp() + (reply[1] * _time.TimestampFrequency / 1000);
            }
        }
        catch (BackplaneException)
        {
            // The overdraft is forgotten: it may or may not have been booked.
        }
        finally
        {
            lock (lease)
                if (isRequest) lease.IsRequesting = false;
        }
    }

    /// <summary>Returns idle leases, and removes users who have been idle for so long that nothing of theirs counts any more.</summary>
    private void Sweep()
    {
        foreach (var (userId, lease) in _leases)
        {
            lock (lease)
            {
                var idle = _time.GetElapsedTime(lease.UsedAt);
                if (idle < _idleLimit || lease.IsRequesting) continue;
                var remove = idle > 2 * _window;
                var returned = lease.Remaining - (remove ? 0 : Reserve);
                if (returned != 0 && (returned > 0 || remove))
                {
                    lease.Remaining -= returned;
                    if (returned > 0) _requests.Start(() => RequestAsync(userId, lease, -returned, isRequest: false));
                }
                if (!remove) continue;
                lease.IsRemoved = true;
                _leases.TryRemove(userId, out _);
            }
        }
    }

    /// <summary>This replica's part of one user's quota. Guarded by itself.</summary>
    private sealed class QuotaLease
    {
        /// <summary>What this replica has let through, for when Redis is unavailable.</summary>
        public SlidingWindow LocalWindow;

        /// <summary>Messages left; negative if overdrawn.</summary>
        public int Remaining;

        /// <summary>The size of the last lease.</summary>
        public int Granted;

        /// <summary>The quota is used up until then; 0 if that is not known.</summary>
        public long ExhaustedUntil;
        public long UsedAt;
        public bool IsRequesting;
        public bool IsRemoved;
    }
}
