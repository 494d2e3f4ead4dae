using Gateway.Lifecycle;
using System.Collections.Concurrent;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Wire;
using StackExchange.Redis;

namespace Gateway.Redis;

/// <summary>Replicas that ask one another to move a connection into or out of a room, and the answers.</summary>
internal sealed partial class RedisInstructions(RedisServers servers, RedisKeys keys, ReplicaId replica, TimeProvider time, ILogger<RedisInstructions> logger)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<int, TaskCompletionSource<Error?>> _asked = [];
    private IBackplaneReceiver _receiver = null!;
    private int _lastNumber;
    private Task? _listening;

    public void Start(IBackplaneReceiver receiver) => _receiver = receiver;

    /// <inheritdoc cref="IBackplane.InstructAsync"/>
    public async ValueTask<Error?> AskAsync(Instruction instruction, CancellationToken cancel)
    {
        var number = Interlocked.Increment(ref _lastNumber);
        var answer = _asked[number] = new TaskCompletionSource<Error?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await (_listening is { IsFaulted: false } listening ? listening : _listening = servers.For(replica.Value).Channels.AddAsync(keys.Replica(replica.Value), OnAnswer));
            var frame = BackplaneFrame.WriteInstruction(replica.Value, number, instruction.Enter, instruction.ConnectionId, instruction.Room);
            var to = Audience.Connection(instruction.ConnectionId);
            byte[] message = [.. PositionHeader.None, .. frame];
            var receivers = await servers.For(to).AskAsync(database => database.PublishAsync(keys.Channel(to), message), cancel: cancel);
            if (receivers == 0) return Error.NoSuchConnection;
            return await answer.Task.WaitAsync(AnswerWithin, time, cancel);
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
    public void OnInstruction(ReadOnlyMemory<byte> frame)
    {
        if (!BackplaneFrame.TryReadInstruction(frame.Span, out var asker, out var number, out var enter, out var connectionId, out var room)) return;
        _ = CarryOutAsync(asker, number, new Instruction(connectionId, room, enter)); // ends within the Redis client's own time-outs
    }

    private async Task CarryOutAsync(string asker, int number, Instruction instruction)
    {
        try
        {
            var refused = await _receiver.CarryOutAsync(instruction);
            var answer = BackplaneFrame.WriteAnswer(number, refused);
            await servers.For(asker).AskAsync(database => database.PublishAsync(keys.Replica(asker), answer));
        }
        catch (Exception fault)
        {
            Log.NotCarriedOut(logger, fault, instruction.ConnectionId, instruction.Room);
        }
    }

    private void OnAnswer(RedisChannel channel, RedisValue value)
    {
        byte[] frame = value!;
        if (BackplaneFrame.KindOf(frame) == BackplaneFrame.Kind.Answer
            && BackplaneFrame.TryReadAnswer(frame, out var number, out var refused)
            && _asked.TryRemove(number, out var answer))
            answer.TrySetResult(refused);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Another replica's instruction for connection {ConnectionId} and room {Room} was not carried out")]
        public static partial void NotCarriedOut(ILogger logger, Exception fault, string connectionId, string room);
    }
}
