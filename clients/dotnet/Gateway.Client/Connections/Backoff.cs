namespace Gateway.Client.Connections;

/// <summary>
/// How long to wait before trying again: anything up to the base delay, twice as much each time, up to the cap ("full jitter": of many
/// clients that lost the same gateway no two come back together).
/// </summary>
internal static class Backoff
{
    /// <param name="failures">Attempts in a row that came to nothing; 0 for the first delay.</param>
    /// <param name="random">From 0 to 1.</param>
    public static TimeSpan Delay(int failures, TimeSpan first, TimeSpan longest, double random) =>
        random * TimeSpan.FromTicks((long)Math.Min(longest.Ticks, first.Ticks * Math.Pow(2, Math.Min(failures, 60))));
}
