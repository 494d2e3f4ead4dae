using System.Collections.Concurrent;
using System.Security.Cryptography;
using Gateway.Core.Messages;

namespace Gateway.Core.Broadcast;

/// <summary>The backplane of a gateway that has one replica: messages go straight to the fan-out, and a room's sequence lives as long as it has members.</summary>
public sealed class InProcessBackplane : IBackplane
{
    private readonly ConcurrentDictionary<string, Sequence> _rooms = new(StringComparer.Ordinal);
    private IBackplaneReceiver _receiver = null!;

    public bool CrossesReplicas => false;

    public void Start(IBackplaneReceiver receiver) => _receiver = receiver;

    public ValueTask<Position> SubscribeAsync(Audience audience, bool numbered = false)
    {
        if (audience.Kind != AudienceKind.Room) return new(Position.None);
        var sequence = _rooms.GetOrAdd(audience.Name, _ => new Sequence());
        lock (sequence) return new(numbered ? sequence.Last : Position.None);
    }

    public ValueTask UnsubscribeAsync(Audience audience)
    {
        if (audience.Kind == AudienceKind.Room && _rooms.TryRemove(audience.Name, out var sequence))
            lock (sequence) sequence.HasEnded = true;
        return default;
    }

    public ValueTask<Published> PublishAsync(Audience audience, Message message, bool numbered, CancellationToken cancel = default)
    {
        Published published;
        if (!numbered)
        {
            published = new Published(Position.None, _receiver.Deliver(audience, message, Position.None));
        }
        else if (_rooms.TryGetValue(audience.Name, out var sequence))
        {
            lock (sequence) // so that messages reach the fan-out in the order of their offsets
            {
                if (sequence.HasEnded) return new(new Published(Position.None, 0)); // the last member left just now
                sequence.Last = sequence.Last with { Offset = sequence.Last.Offset + 1 };
                published = new Published(sequence.Last, _receiver.Deliver(audience, message, sequence.Last));
            }
        }
        else
        {
            return new(new Published(Position.None, 0)); // a room without members has no sequence
        }
        var ready = _receiver.WhenReadyAsync();
        return ready.IsCompletedSuccessfully ? new(published) : WaitAsync(ready, published);
    }

    public ValueTask<bool> HasSubscribersAsync(Audience audience) => new(_rooms.ContainsKey(audience.Name));

    public ValueTask<bool> InstructAsync(Instruction instruction, CancellationToken cancel = default) => new(false);

    private static async ValueTask<Published> WaitAsync(ValueTask ready, Published published)
    {
        await ready.ConfigureAwait(false);
        return published;
    }

    private sealed class Sequence
    {
        // Guarded by the sequence itself.
        public bool HasEnded;
        public Position Last = new(RandomNumberGenerator.GetHexString(8, lowercase: true), 0);
    }
}
