using System.Collections.Concurrent;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Rooms;

/// <summary>Replicas that ask one another to move a connection into or out of a room, and the answers.</summary>
internal sealed partial class RedisInstructions
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);

    private readonly SupervisedLoop _carryingOut;
    private readonly RedisServers _servers;
    private readonly RedisKeys _keys;
    private readonly ReplicaId _replica;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisInstructions> _logger;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<Error?>> _asked = [];
    private readonly LazySubscription _answers;
    private IBackplaneReceiver _receiver = null!;
    private int _lastNumber;

    public RedisInstructions(RedisServers servers, RedisKeys keys, ReplicaId replica, Supervisor supervisor, TimeProvider time, ILogger<RedisInstructions> logger)
    {
        _carryingOut = supervisor.Loop("instruction");
        (_servers, _keys, _replica, _time, _logger) = (servers, keys, replica, time, logger);
        _answers = new LazySubscription(servers.For(replica.Value).Channels, keys.Replica(replica.Value), OnAnswer);
    }

    public void Start(IBackplaneReceiver receiver) => _receiver = receiver;

    /// <inheritdoc cref="IBackplane.InstructAsync"/>
    public async ValueTask<Error?> AskAsync(RemoteCommand instruction, CancellationToken cancel)
    {
        var number = Interlocked.Increment(ref _lastNumber);
        var answer = _asked[number] = new TaskCompletionSource<Error?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _answers.EnsureAsync();
            var frame = BackplaneFrame.WriteInstruction(_replica.Value, number, instruction.Enter, instruction.ConnectionId, instruction.Room);
            var to = Audience.Connection(instruction.ConnectionId);
            byte[] message = [.. PositionHeader.None, .. frame];
            var receivers = await _servers.For(to).AskAsync(database => database.PublishAsync(_keys.Channel(to), message), cancel: cancel);
            if (receivers == 0) return Error.NoSuchConnection;
            return await answer.Task.WaitAsync(AnswerWithin, _time, cancel);
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

    /// <summary>Another replica asks. Carried out beside the messages, not between them: a join waits for Redis itself.</summary>
    /// <returns>False if it cannot be read.</returns>
    public bool OnInstruction(ReadOnlyMemory<byte> frame)
    {
        if (!BackplaneFrame.TryReadInstruction(frame.Span, out var asker, out var number, out var enter, out var connectionId, out var room)) return false;
        _carryingOut.Start(() => CarryOutAsync(asker, number, new RemoteCommand(connectionId, room, enter))); // ends within the Redis client's own time-outs
        return true;
    }

    private async Task CarryOutAsync(string asker, int number, RemoteCommand instruction)
    {
        try
        {
            var refused = await _receiver.CarryOutAsync(instruction);
            var answer = BackplaneFrame.WriteAnswer(number, refused);
            await _servers.For(asker).AskAsync(database => database.PublishAsync(_keys.Replica(asker), answer));
        }
        catch (BackplaneException fault)
        {
            Log.NotCarriedOut(_logger, fault, instruction.ConnectionId, instruction.Room);
        }
    }

    private bool OnAnswer(ReadOnlyMemory<byte> frame)
    {
        if (BackplaneFrame.KindOf(frame.Span) != BackplaneFrame.Kind.ClusterReply || !BackplaneFrame.TryReadAnswer(frame.Span, out var number, out var refused)) return false;
        if (_asked.TryRemove(number, out var answer)) answer.TrySetResult(refused);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Another replica's instruction for connection {ConnectionId} and room {Room} was not carried out")]
        public static partial void NotCarriedOut(ILogger logger, Exception fault, string connectionId, string room);
    }
}
