using System.Collections.Concurrent;
using System.Text.Json;
using Gateway.Core.Broadcast;
using Gateway.Core.Cluster;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Cluster;

/// <summary>
/// Asks the replicas that share a Redis and its prefix: the question goes out on a channel to which all of them listen, the answers come back on the asker's own. Redis says how many
/// heard the question; so many answers are waited for, within a deadline.
/// </summary>
internal sealed partial class RedisCluster(RedisServers servers, RedisKeys keys, ReplicaId replica, ClusterQueryHandler local, Supervisor supervisor, TimeProvider time, ILogger<RedisCluster> logger)
    : BackgroundService, ICluster
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly SupervisedLoop _answering = supervisor.Loop("cluster_answer");
    private readonly ConcurrentDictionary<long, Asked> _asked = [];
    private long _lastNumber;
    private volatile bool _listens;

    private RedisConnection Server => servers.For(RedisKeys.Replicas);

    public async ValueTask<ClusterReplies> QueryAsync(ClusterQuery query, CancellationToken cancel = default)
    {
        if (!_listens) throw new BackplaneException("Redis: not listening yet");
        var number = Interlocked.Increment(ref _lastNumber);
        var asked = _asked[number] = new Asked();
        try
        {
            var text = JsonSerializer.SerializeToUtf8Bytes(new Envelope<ClusterQuery>(replica.Value, number, query));
            var heard = (int)await Server.AskAsync(database => database.PublishAsync(keys.Questions, text), AnswerWithin, cancel);
            asked.Expect(heard);
            await Task.WhenAny(asked.Complete, Task.Delay(AnswerWithin, time, cancel));
            var answers = asked.Replies;
            return new ClusterReplies(answers, Math.Max(0, heard - answers.Count));
        }
        finally
        {
            _asked.TryRemove(number, out _);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await ListenAsync(keys.Replies(replica.Value), OnAnswer, stoppingToken);
        await ListenAsync(keys.Questions, OnQuestion, stoppingToken);
        _listens = !stoppingToken.IsCancellationRequested;
    }

    private Task ListenAsync(string channel, ReadChannel read, CancellationToken stop) => supervisor.Loop("cluster_listen").RunAsync(
        async cancel =>
        {
            try
            {
                await Server.Channels.AddAsync(channel, read);
                return false;
            }
            catch (Exception fault) when (fault is BackplaneException or ObjectDisposedException)
            {
                await Task.Delay(Pause, time, cancel); // Redis is not there yet
                return true;
            }
        },
        stop);

    private bool OnQuestion(ReadOnlyMemory<byte> value)
    {
        if (Read<ClusterQuery>(value) is not { } envelope) return false;
        _answering.Start(() => AnswerAsync(envelope)); // beside the messages, not between them; ends within Redis' own limits
        return true;
    }

    private async Task AnswerAsync(Envelope<ClusterQuery> question)
    {
        try
        {
            var answer = await local.HandleAsync(question.Content);
            var text = JsonSerializer.SerializeToUtf8Bytes(new Envelope<ClusterReply>(replica.Value, question.Number, answer));
            await Server.AskAsync(database => database.PublishAsync(keys.Replies(question.From), text), AnswerWithin);
        }
        catch (BackplaneException fault)
        {
            Log.NotAnswered(logger, fault, question.From);
        }
    }

    private bool OnAnswer(ReadOnlyMemory<byte> value)
    {
        if (Read<ClusterReply>(value) is not { } envelope) return false;
        if (_asked.TryGetValue(envelope.Number, out var asked)) asked.Add(envelope.Content);
        return true;
    }

    /// <returns><c>null</c> if it is of another version, or not ours.</returns>
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

    /// <summary>The answers that came so far. Guarded by itself.</summary>
    private sealed class Asked
    {
        private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<ClusterReply> _answers = [];
        private int _expected = int.MaxValue;

        public Task Complete => _complete.Task;

        public IReadOnlyList<ClusterReply> Replies
        {
            get { lock (_answers) return [.. _answers]; }
        }

        public void Expect(int count)
        {
            lock (_answers)
            {
                _expected = count;
                if (_answers.Count >= _expected) _complete.TrySetResult();
            }
        }

        public void Add(ClusterReply answer)
        {
            lock (_answers)
            {
                _answers.Add(answer);
                if (_answers.Count >= _expected) _complete.TrySetResult();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A question of replica {Replica} was not answered")]
        public static partial void NotAnswered(ILogger logger, Exception fault, string replica);
    }
}
