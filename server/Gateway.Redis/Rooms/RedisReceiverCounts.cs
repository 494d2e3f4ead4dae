using System.Collections.Concurrent;
using Gateway.Core.Broadcast;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Rooms;

/// <summary>
/// Counts the connections that receive a message: every replica that gets the message replies with the number of its connections.
/// </summary>
internal sealed partial class RedisReceiverCounts
{
    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromSeconds(2);

    private readonly SupervisedLoop _replying;
    private readonly RedisServers _servers;
    private readonly RedisKeys _keys;
    private readonly ReplicaId _replica;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisReceiverCounts> _logger;
    private readonly ConcurrentDictionary<int, PendingCount> _pending = [];
    private readonly LazySubscription _counts;
    private int _lastNumber;

    public RedisReceiverCounts(
        RedisServers servers, RedisKeys keys, ReplicaId replica, Supervisor supervisor, TimeProvider time,
        ILogger<RedisReceiverCounts> logger)
    {
        _replying = supervisor.Loop("count_answer");
        (_servers, _keys, _replica, _time, _logger) = (servers, keys, replica, time, logger);
        _counts = new LazySubscription(servers.For(replica.Value).Channels, keys.ReceiverCounts(replica.Value), OnCount);
    }

    /// <summary>Publishes a message and counts its receivers.</summary>
    /// <param name="publish">Publishes the message with this replica's id and a number, and returns how many replicas got it.</param>
    /// <param name="cancel">Cancels the wait.</param>
    /// <exception cref="BackplaneException">Redis is unavailable, or no replica has replied in time.</exception>
    public async ValueTask<long> CountAsync(Func<string, int, ValueTask<long>> publish, CancellationToken cancel)
    {
        await _counts.EnsureSubscribedAsync();
        var number = Interlocked.Increment(ref _lastNumber);
        var pending = _pending[number] = new PendingCount();
        try
        {
            var replicas = await publish(_replica.Value, number);
            if (replicas == 0) return 0;
            pending.SetExpected(replicas);
            await pending.Complete.WaitAsync(ReplyTimeout, _time, cancel);
            return pending.Connections;
        }
        catch (TimeoutException) when (pending.Connections > 0)
        {
            return pending.Connections; // a replica that has just died has no connections to count
        }
        catch (TimeoutException fault)
        {
            throw RedisConnection.ToBackplaneException(fault);
        }
        finally
        {
            _pending.TryRemove(number, out _);
        }
    }

    public void Reply(string requester, int number, int connections) =>
        // Ends within the timeout of a command.
        _replying.Start(() => ReplyAsync(requester, number, connections));

    private async Task ReplyAsync(string requester, int number, int connections)
    {
        try
        {
            var reply = BackplaneFrame.WriteCount(number, connections);
            await _servers.For(requester).ExecuteAsync(database => database.PublishAsync(_keys.ReceiverCounts(requester), reply));
        }
        catch (BackplaneException fault)
        {
            Log.NotReplied(_logger, fault, requester);
        }
    }

    private bool OnCount(ReadOnlyMemory<byte> frame)
    {
        if (BackplaneFrame.KindOf(frame.Span) != BackplaneFrame.Kind.Count) return false;
        if (!BackplaneFrame.TryReadCount(frame.Span, out var number, out var connections)) return false;
        if (_pending.TryGetValue(number, out var pending)) pending.Add(connections);
        return true;
    }

    /// <summary>The replies so far. They can arrive before their expected number is known.</summary>
    private sealed class PendingCount
    {
        private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // Guarded by _complete.
        private long _expected = long.MaxValue;
        private long _replies;
        private long _connections;

        public Task Complete => _complete.Task;

        public long Connections
        {
            get { lock (_complete) return _connections; }
        }

        public void SetExpected(long replies)
        {
            lock (_complete)
            {
                _expected = replies;
                if (_replies >= _expected) _complete.TrySetResult();
            }
        }

        public void Add(int connections)
        {
            lock (_complete)
            {
                _connections += connections;
                if (++_replies >= _expected) _complete.TrySetResult();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Replica {Replica} did not get the number of connections that received its message")]
        public static partial void NotReplied(ILogger logger, Exception fault, string replica);
    }
}
