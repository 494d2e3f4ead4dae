using System.Diagnostics;
using System.Globalization;

namespace Gateway.Benchmarks.Load;

/// <summary>How busy the machine is, to tell which runs others disturbed. Zero where /proc is missing.</summary>
internal readonly record struct MachineLoad(double BusySeconds, double OwnSeconds)
{
    private const double TicksPerSecond = 100;

    public static MachineLoad Now()
    {
        using var self = Process.GetCurrentProcess();
        if (!File.Exists("/proc/stat")) return default;
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Skip(1).Select(f => double.Parse(f, CultureInfo.InvariantCulture)).ToArray();
        // user, nice, system, stolen; the interrupts' share is loopback's, and so ours
        var busy = fields[0] + fields[1] + fields[2] + fields[7];
        return new MachineLoad(busy / TicksPerSecond, self.TotalProcessorTime.TotalSeconds);
    }

    /// <summary>CPU of all other processes, as a share of one core.</summary>
    public double ForeignSince(MachineLoad before, TimeSpan servers, double seconds) =>
        BusySeconds == 0 ? 0 : Math.Max(
            0, (BusySeconds - before.BusySeconds - (OwnSeconds - before.OwnSeconds) - servers.TotalSeconds) / seconds);
}
