namespace Gateway.Core.Tests;

/// <summary>A clock that moves when it is told to. Timers go by the real time.</summary>
internal sealed class FakeTime : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2026, 2, 3, 4, 5, 6, 789, TimeSpan.Zero);

    private long _ticks = TimeSpan.TicksPerHour;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => Epoch.AddTicks(GetTimestamp() - TimeSpan.TicksPerHour);

    public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
}
