namespace Gateway.Core.Connections;

/// <summary>The reading side: when bytes were last received, and since when the rest of a frame is missing.</summary>
internal sealed partial class Outbox
{
    // Timestamps of the time provider.
    private long _lastReceived;
    private long _frameStartedAt;

    /// <summary>When bytes were last received, as a timestamp of the time provider. The stream below the WebSocket records it.</summary>
    public long LastReceived => Volatile.Read(ref _lastReceived);

    /// <summary>Records that bytes were received.</summary>
    public void RecordReceived() => Volatile.Write(ref _lastReceived, _time.GetTimestamp());

    /// <summary>Records that bytes were received, and that the WebSocket waits for the next frame or for the rest of one.</summary>
    public void OnReading(bool restOfFrame)
    {
        RecordReceived();
        if (!restOfFrame) OnFrameCompleted();
        else if (_frameStartedAt == 0) Volatile.Write(ref _frameStartedAt, _lastReceived);
    }

    /// <summary>Records that the frame is complete.</summary>
    public void OnFrameCompleted() => Volatile.Write(ref _frameStartedAt, 0);

    /// <summary>Returns whether the rest of a frame has been missing for longer than the limit.</summary>
    internal bool IsFrameOverdue(TimeSpan limit) => HasPassed(_time, Volatile.Read(ref _frameStartedAt), limit);

    /// <param name="since">A timestamp; 0 for none.</param>
    internal static bool HasPassed(TimeProvider time, long since, TimeSpan limit) => since != 0 && time.GetElapsedTime(since) > limit;
}
