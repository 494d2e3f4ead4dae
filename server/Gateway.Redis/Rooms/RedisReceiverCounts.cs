using System.Collections.Concurrent;
using Gateway.Core.Broadcast;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Rooms;

/// <summary>Messages of which the sender wants to know how many connections they were handed to: every replica that gets one answers with its count.</summary>
internal sealed partial class RedisReceiverCounts
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    private readonly SupervisedLoop _answering;
    private readonly RedisServers _servers;
    private readonly RedisKeys _keys;
    private readonly ReplicaId _replica;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisReceiverCounts> _logger;
    private readonly ConcurrentDictionary<int, Tally> _asked = [];
    private readonly LazySubscription _counts;
    private int _lastNumber;

    public RedisReceiverCounts(RedisServers servers, RedisKeys keys, ReplicaId replica, Supervisor supervisor, TimeProvider time, ILogger<RedisReceiverCounts> logger)
    {
        _answering = supervisor.Loop("count_answer");
        (_servers, _keys, _replica, _time, _logger) = (servers, keys, replica, time, logger);
        _counts = new LazySubscription(servers.For(replica.Value).Channels, keys.Counts(replica.Value), OnCount);
    }

    /// <param name="publish">Sends the message under this number, as one of this replica's, and returns how many replicas got it.</param>
    /// <exception cref="BackplaneException">The backplane is away, or nobody who got it has answered.</exception>
    public async ValueTask<long> AskAsync(Func<string, int, ValueTask<long>> publish, CancellationToken cancel)
    {
        await _counts.EnsureAsync();
        var number = Interlocked.Increment(ref _lastNumber);
        var tally = _asked[number] = new Tally();
        try
        {
            var replicas = await publish(_replica.Value, number);
            if (replicas == 0) return 0;
            tally.Expect(replicas);
            await tally.Complete.WaitAsync(AnswerWithin, _time, cancel);
            return tally.Connections;
        }
        catch (TimeoutException) when (tally.Connections > 0)
        {
            return tally.Connections; // a replica that has just died has nobody to count
        }
        catch (TimeoutException fault)
        {
            throw RedisConnection.Away(fault);
        }
        finally
        {
            _asked.TryRemove(number, out _);
        }
    }

    public void Answer(string asker, int number, int connections) =>
        _answering.Start(() => AnswerAsync(asker, number, connections)); // ends within the Redis client's own time-outs

    private async Task AnswerAsync(string asker, int number, int connections)
    {
        try
        {
            await _servers.For(asker).AskAsync(database => database.PublishAsync(_keys.Counts(asker), BackplaneFrame.WriteCount(number, connections)));
        }
        catch (BackplaneException fault)
        {
            Log.NotAnswered(_logger, fault, asker);
        }
    }

    private bool OnCount(ReadOnlyMemory<byte> frame)
    {
        if (BackplaneFrame.KindOf(frame.Span) != BackplaneFrame.Kind.Count || !BackplaneFrame.TryReadCount(frame.Span, out var number, out var connections)) return false;
        if (_asked.TryGetValue(number, out var tally)) tally.Add(connections);
        return true;
    }

    /// <summary>The answers so far. They may come before it is known how many there will be.</summary>
    private sealed class Tally
    {
        private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // Guarded by _complete.
        private long _expected = long.MaxValue;
        private long _answers;
        private long _connections;

        public Task Complete => _complete.Task;

        public long Connections
        {
            get { lock (_complete) return _connections; }
        }

        public void Expect(long answers)
        {
            lock (_complete)
            {
                _expected = answers;
                if (_answers >= _expected) _complete.TrySetResult();
            }
        }

        public void Add(int connections)
        {
            lock (_complete)
            {
                _connections += connections;
                if (++_answers >= _expected) _complete.TrySetResult();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Replica {Replica} was not told how many connections its message was handed to")]
        public static partial void NotAnswered(ILogger logger, Exception fault, string replica);
    }
}
