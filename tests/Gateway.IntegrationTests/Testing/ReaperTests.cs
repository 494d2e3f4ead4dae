using System.Diagnostics;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Testing;

/// <summary>A test run that is killed leaves no server behind.</summary>
public sealed class ReaperTests
{
    [Fact]
    public async Task ServersOfAKilledRunEndAndOthersGoOn()
    {
        var mark = Guid.NewGuid().ToString("N");
        using var run = Start("sleep", ["1000"], null);
        using var server = Start("sleep", ["1000"], mark);
        using var child = Start("bash", ["-c", "sleep 1000 & wait"], mark);
        using var other = Start("sleep", ["1000"], mark + "0");
        using var reaper = Start("bash", [Path.Combine(Repository.Root, "tests", "reap.sh"), $"{run.Id}", mark], null);
        try
        {
            Assert.False(reaper.HasExited);
            run.Kill();

            await reaper.WaitForExitAsync().Within("the reaper", TimeSpan.FromSeconds(30));

            await server.WaitForExitAsync().Within("the server");
            await child.WaitForExitAsync().Within("the server's parent");
            Assert.False(other.HasExited);
        }
        finally
        {
            foreach (var process in new[] { run, server, child, other, reaper })
                if (!process.HasExited)
                    process.Kill(entireProcessTree: true);
        }
    }

    private static Process Start(string program, string[] arguments, string? mark)
    {
        var start = new ProcessStartInfo(program, arguments);
        if (mark == null) start.Environment.Remove("TEST_RUN");
        else start.Environment["TEST_RUN"] = mark;
        return Process.Start(start)!;
    }
}
