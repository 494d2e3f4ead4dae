using System.Collections.Concurrent;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;

namespace Gateway.Core.Tests.Broadcast;

/// <summary>Keeps what a backplane brings.</summary>
internal sealed class RecordingReceiver : IBackplaneReceiver
{
    private int _askedForTaken;
    private readonly Lock _lock = new();
    private readonly List<(Audience Audience, Message Message, Position Position)> _arrived = [];

    public IReadOnlyList<(Audience Audience, Message Message, Position Position)> Arrived
    {
        get { lock (_lock) return [.. _arrived]; }
    }

    /// <summary>What whoever brings messages has to wait for.</summary>
    public Task Ready { get; set; } = Task.CompletedTask;

    /// <summary>What the taking of a message waits for.</summary>
    public ManualResetEventSlim? Gate { get; set; }

    public int Deliver(Audience audience, Message message, Position position)
    {
        // Payloads may be the caller's buffer: what is kept is copied.
        var gate = Gate;
        lock (_lock) _arrived.Add((audience, message with { Payload = message.Payload.ToArray() }, position));
        if (gate != null) Assert.True(gate.Wait(Within.Deadline));
        return 1;
    }

    /// <summary>The rooms whose announcements were lost, in that order.</summary>
    public ConcurrentQueue<string> WithoutAnnouncements { get; } = [];

    public void OnAnnouncementsLost(string room) => WithoutAnnouncements.Enqueue(room);

    public ValueTask WaitForCapacityAsync() => new(Ready);

    public ValueTask<RemoteResult> ExecuteAsync(RemoteCommand command) => new(Error.NoSuchConnection);

    public ValueTask WaitForRoomCapacityAsync(string room)
    {
        Interlocked.Increment(ref _askedForTaken);
        return new ValueTask(Taken);
    }

    /// <summary>Until it completes, the members have not taken what was delivered.</summary>
    public Task Taken { get; set; } = Task.CompletedTask;

    /// <summary>How often somebody has waited for the members.</summary>
    public int AskedForTaken => Volatile.Read(ref _askedForTaken);

    /// <summary>Waits until as many have arrived, and returns all.</summary>
    public async Task<IReadOnlyList<(Audience Audience, Message Message, Position Position)>> HasAsync(int count)
    {
        await Within.Until(() => Arrived.Count >= count, $"{count} messages");
        return Arrived;
    }
}
