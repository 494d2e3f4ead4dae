namespace Gateway.Core.Connections;

/// <summary>What is known of the other direction: when bytes came from the client, and since when the rest of a frame has been waited for.</summary>
internal sealed partial class Outbox
{
    // Timestamps of the time provider.
    private long _lastReceived;
    private long _frameStartedAt;

    /// <summary>When bytes last came from the client, as a timestamp of the time provider; the stream below the WebSocket keeps it.</summary>
    public long LastReceived => Volatile.Read(ref _lastReceived);

    public void RecordReceived() => Volatile.Write(ref _lastReceived, _time.GetTimestamp());

    /// <summary>The WebSocket is about to read: bytes have come, and it waits for the next frame, or for the rest of one.</summary>
    public void OnReading(bool restOfFrame)
    {
        RecordReceived();
        if (!restOfFrame) OnFrameCompleted();
        else if (_frameStartedAt == 0) Volatile.Write(ref _frameStartedAt, _lastReceived);
    }

    /// <summary>What came was complete: whatever comes next is a beginning.</summary>
    public void OnFrameCompleted() => Volatile.Write(ref _frameStartedAt, 0);

    /// <summary>Has the rest of a frame been waited for so long?</summary>
    internal bool IsFrameOverdue(TimeSpan limit) => HasPassed(_time, Volatile.Read(ref _frameStartedAt), limit);

    /// <param name="since">A timestamp; 0 for none.</param>
    internal static bool HasPassed(TimeProvider time, long since, TimeSpan limit) => since != 0 && time.GetElapsedTime(since) > limit;
}
