using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Wire;
using StackExchange.Redis;

namespace Gateway.Redis;

/// <summary>
/// The backplane of several replicas: a Redis channel for each room, user and connection. A room's script assigns the offset and
/// publishes in one step, so that all replicas see one order.
/// </summary>
internal sealed partial class RedisBackplane(RedisConnection redis, RedisKeys keys, RedisInstructions instructions, ILogger<RedisBackplane> logger) : IBackplane
{
    /// <summary>ARGV: frame. Returns epoch, offset, subscribers.</summary>
    private const string PublishNumbered = RoomPublish.Function + "return publish(ARGV[4])";

    /// <summary>KEYS: position. ARGV: epoch to begin with, milliseconds to keep the position. Returns epoch, offset.</summary>
    private const string ReadPosition = """
        redis.call('HSETNX', KEYS[1], 'epoch', ARGV[1])
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        return {redis.call('HGET', KEYS[1], 'epoch'), redis.call('HGET', KEYS[1], 'offset') or 0}
        """;

    private IBackplaneReceiver _receiver = null!;

    public bool CrossesReplicas => true;

    public void Start(IBackplaneReceiver receiver)
    {
        _receiver = receiver;
        instructions.Start(receiver);
    }

    public async ValueTask<Position> SubscribeAsync(Audience audience, bool numbered = false)
    {
        try
        {
            await redis.Subscriber.SubscribeAsync(keys.Channel(audience), OnMessage);
            if (!numbered) return Position.None;
            var position = (RedisResult[])(await redis.Database.ScriptEvaluateAsync(
                ReadPosition, [keys.Position(audience.Name)], [RoomPublish.NewEpoch(), (long)RoomPublish.PositionLifetime.TotalMilliseconds]))!;
            return new Position((string)position[0]!, (long)position[1]);
        }
        catch (Exception fault) when (RedisConnection.IsAway(fault))
        {
            throw RedisConnection.Away(fault);
        }
    }

    public async ValueTask UnsubscribeAsync(Audience audience)
    {
        try
        {
            await redis.Subscriber.UnsubscribeAsync(keys.Channel(audience), OnMessage);
        }
        catch (Exception fault) when (RedisConnection.IsAway(fault))
        {
            throw RedisConnection.Away(fault);
        }
    }

    public async ValueTask<Published> PublishAsync(Audience audience, Message message, bool numbered, CancellationToken cancel = default)
    {
        var frame = BackplaneFrame.WriteMessage(audience, message);
        try
        {
            if (!numbered) return new Published(Position.None, await redis.Database.PublishAsync(keys.Channel(audience), (byte[])[.. PositionHeader.None, .. frame]));
            var result = (RedisResult[])(await redis.Database.ScriptEvaluateAsync(
                PublishNumbered, RoomPublish.Keys(keys, audience.Name), RoomPublish.Arguments(keys, audience.Name, numbered, frame)))!;
            return new Published(new Position((string)result[0]!, (long)result[1]), (long)result[2]);
        }
        catch (Exception fault) when (RedisConnection.IsAway(fault))
        {
            throw RedisConnection.Away(fault);
        }
    }

    public async ValueTask<bool> HasSubscribersAsync(Audience audience)
    {
        try
        {
            var counts = (RedisResult[])(await redis.Database.ExecuteAsync("PUBSUB", "NUMSUB", keys.Channel(audience)))!;
            return (long)counts[1] > 0;
        }
        catch (Exception fault) when (RedisConnection.IsAway(fault))
        {
            throw RedisConnection.Away(fault);
        }
    }

    public ValueTask<bool> InstructAsync(Instruction instruction, CancellationToken cancel = default) => instructions.AskAsync(instruction, cancel);

    // Called for one message after the other. When the fan-out is behind this waits, and so do the messages after it.
    private void OnMessage(RedisChannel channel, RedisValue value)
    {
        ReadOnlyMemory<byte> bytes = (byte[])value!;
        if (!PositionHeader.TryRead(bytes, out var position, out var frame))
        {
            Log.Unreadable(logger, channel!);
            return;
        }
        switch (BackplaneFrame.KindOf(frame.Span))
        {
            case BackplaneFrame.Kind.Message when BackplaneFrame.TryReadMessage(frame, out var audience, out var message):
                _receiver.Deliver(audience, message, position);
                var ready = _receiver.WhenReadyAsync();
                if (!ready.IsCompleted) ready.AsTask().Wait();
                break;
            case BackplaneFrame.Kind.Instruction:
                instructions.OnInstruction(frame);
                break;
            default:
                Log.Unreadable(logger, channel!);
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A message on channel {Channel} is not of this version, or not the gateway's, and is passed over")]
        public static partial void Unreadable(ILogger logger, string channel);
    }
}
