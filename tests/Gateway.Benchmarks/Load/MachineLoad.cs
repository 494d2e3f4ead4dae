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
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(f => double.Parse(f, CultureInfo.InvariantCulture)).ToArray();
        return new MachineLoad((fields.Take(8).Sum() - fields[3] - fields[4]) / TicksPerSecond, self.TotalProcessorTime.TotalSeconds); // all but idle and waiting for disks
    }

    /// <summary>CPU of all other processes, as a share of one core.</summary>
    public double ForeignSince(MachineLoad before, TimeSpan servers, double seconds) =>
        BusySeconds == 0 ? 0 : Math.Max(0, (BusySeconds - before.BusySeconds - (OwnSeconds - before.OwnSeconds) - servers.TotalSeconds) / seconds);
}
