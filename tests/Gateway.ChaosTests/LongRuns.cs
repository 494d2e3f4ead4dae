namespace Gateway.ChaosTests;

/// <summary><c>tests/run.sh --long</c> adds the outages that take minutes to the ones that take seconds.</summary>
internal static class LongRuns
{
    public static bool AreWanted => Environment.GetEnvironmentVariable("GATEWAY_TESTS_LONG") == "1";

    /// <summary>How long an outage lasts, in seconds.</summary>
    public static TheoryData<int> Outages(int usual, params int[] longer) => AreWanted ? [usual, .. longer] : [usual];
}
