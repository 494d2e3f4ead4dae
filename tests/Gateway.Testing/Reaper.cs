using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Gateway.Testing;

/// <summary>
/// Sees to it that a test run that is killed leaves no server behind: every process that it starts inherits a mark in its environment, and
/// <c>tests/reap.sh</c> ends those with the mark when the run is gone. <c>tests/run.sh</c> does the same for all suites together.
/// </summary>
internal static class Reaper
{
    private const string Mark = "TEST_RUN";

#pragma warning disable CA2255 // It has to stand before the first test starts anything, in every test project.
    [ModuleInitializer]
    internal static void Start()
    {
        if (Environment.GetEnvironmentVariable(Mark) != null) return; // tests/run.sh does it
        var mark = Guid.NewGuid().ToString("N");
        var start = new ProcessStartInfo(
            "setsid", ["bash", Path.Combine(Repository.Root, "tests", "reap.sh"), $"{Environment.ProcessId}", mark]);
        using var reaper = Process.Start(start); // without the mark, or it would end itself
        Environment.SetEnvironmentVariable(Mark, mark);
    }
#pragma warning restore CA2255
}
