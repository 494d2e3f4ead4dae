using Gateway.Core.Broadcast;
using Gateway.Core.Messages;

namespace Gateway.Core.Tests.Broadcast;

/// <summary>Keeps what a backplane brings.</summary>
internal sealed class RecordingReceiver : IBackplaneReceiver
{
    private readonly Lock _lock = new();
    private readonly List<(Audience Audience, Message Message, Position Position)> _arrived = [];

    public IReadOnlyList<(Audience Audience, Message Message, Position Position)> Arrived
    {
        get { lock (_lock) return [.. _arrived]; }
    }

    /// <summary>What whoever brings messages has to wait for.</summary>
    public Task Ready { get; set; } = Task.CompletedTask;

    public int Deliver(Audience audience, Message message, Position position)
    {
        // Payloads may be the caller's buffer: what is kept is copied.
        lock (_lock) _arrived.Add((audience, message with { Payload = message.Payload.ToArray() }, position));
        return 1;
    }

    public ValueTask WhenReadyAsync() => new(Ready);

    public ValueTask<bool> CarryOutAsync(Instruction instruction) => new(false);

    /// <summary>Waits until as many have arrived, and returns all.</summary>
    public async Task<IReadOnlyList<(Audience Audience, Message Message, Position Position)>> HasAsync(int count)
    {
        await Within.Until(() => Arrived.Count >= count, $"{count} messages");
        return Arrived;
    }
}
