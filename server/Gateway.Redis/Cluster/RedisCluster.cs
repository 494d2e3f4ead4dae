using System.Collections.Concurrent;
using System.Text.Json;
using Gateway.Core.Broadcast;
using Gateway.Core.Cluster;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Cluster;

/// <summary>
/// Sends queries to all replicas that share a Redis and its prefix. A query goes out on a channel to which all of them subscribe; the
/// replies arrive on a channel of the replica that asks. Redis says how many replicas received the query, and that many replies are
/// awaited, up to a timeout.
/// </summary>
internal sealed partial class RedisCluster(
    RedisServers servers, RedisKeys keys, ReplicaId replica, ClusterQueryHandler local, Supervisor supervisor, TimeProvider time,
    ILogger<RedisCluster> logger)
    : BackgroundService, ICluster
{
    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(500);

    private readonly SupervisedLoop _replying = supervisor.Loop("cluster_answer");
    private readonly ConcurrentDictionary<long, PendingQuery> _pending = [];
    private long _lastNumber;
    private volatile bool _isListening;

    private RedisConnection Server => servers.For(RedisKeys.ReplicasTag);

    public async ValueTask<ClusterReplies> QueryAsync(ClusterQuery query, CancellationToken cancel = default)
    {
        if (!_isListening) throw new BackplaneException("Redis is not subscribed to cluster queries yet");
        var number = Interlocked.Increment(ref _lastNumber);
        var pending = _pending[number] = new PendingQuery();
        try
        {
            var text = JsonSerializer.SerializeToUtf8Bytes(new Envelope<ClusterQuery>(replica.Value, number, query));
            var receivers = (int)await Server.ExecuteAsync(
                database => database.PublishAsync(keys.ClusterQueries, text), ReplyTimeout, cancel);
            pending.SetExpected(receivers);
            await Task.WhenAny(pending.Complete, Task.Delay(ReplyTimeout, time, cancel));
            var replies = pending.Replies;
            return new ClusterReplies(replies, Math.Max(0, receivers - replies.Count));
        }
        finally
        {
            _pending.TryRemove(number, out _);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await ListenAsync(keys.ClusterReplies(replica.Value), OnReply, stoppingToken);
        await ListenAsync(keys.ClusterQueries, OnQuery, stoppingToken);
        _isListening = !stoppingToken.IsCancellationRequested;
    }

    private Task ListenAsync(string channel, ChannelMessageHandler handler, CancellationToken stop) =>
        supervisor.Loop("cluster_listen").RunAsync(
        async cancel =>
        {
            try
            {
                await Server.Channels.SubscribeAsync(channel, handler);
                return false;
            }
            catch (Exception fault) when (fault is BackplaneException or ObjectDisposedException)
            {
                await Task.Delay(RetryInterval, time, cancel); // Redis is not available yet
                return true;
            }
        },
        stop);

    private bool OnQuery(ReadOnlyMemory<byte> value)
    {
        if (Read<ClusterQuery>(value) is not { } envelope) return false;
        _replying.Start(() => ReplyAsync(envelope)); // beside the messages, not between them; ends within the timeout of a command
        return true;
    }

    private async Task ReplyAsync(Envelope<ClusterQuery> query)
    {
        try
        {
            var reply = await local.HandleAsync(query.Content);
            var text = JsonSerializer.SerializeToUtf8Bytes(new Envelope<ClusterReply>(replica.Value, query.Number, reply));
            await Server.ExecuteAsync(database => database.PublishAsync(keys.ClusterReplies(query.From), text), ReplyTimeout);
        }
        catch (BackplaneException fault)
        {
            Log.NotReplied(logger, fault, query.From);
        }
    }

    private bool OnReply(ReadOnlyMemory<byte> value)
    {
        if (Read<ClusterReply>(value) is not { } envelope) return false;
        if (_pending.TryGetValue(envelope.Number, out var pending)) pending.Add(envelope.Content);
        return true;
    }

    /// <returns><c>null</c> if the value has another version or is not the gateway's.</returns>
    private static Envelope<T>? Read<T>(ReadOnlyMemory<byte> value)
    {
        try
        {
            return JsonSerializer.Deserialize<Envelope<T>>(value.Span) is { From: not null, Content: not null } envelope ? envelope : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Envelope<T>(string From, long Number, T Content);

    /// <summary>A query and the replies so far. Guarded by its list of replies.</summary>
    private sealed class PendingQuery
    {
        private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<ClusterReply> _replies = [];
        private int _expected = int.MaxValue;

        public Task Complete => _complete.Task;

        public IReadOnlyList<ClusterReply> Replies
        {
            get { lock (_replies) return [.. _replies]; }
        }

        public void SetExpected(int count)
        {
            lock (_replies)
            {
                _expected = count;
                if (_replies.Count >= _expected) _complete.TrySetResult();
            }
        }

        public void Add(ClusterReply reply)
        {
            lock (_replies)
            {
                _replies.Add(reply);
                if (_replies.Count >= _expected) _complete.TrySetResult();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The reply to a query of replica {Replica} could not be sent")]
        public static partial void NotReplied(ILogger logger, Exception fault, string replica);
    }
}
