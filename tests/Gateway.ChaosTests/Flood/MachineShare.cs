using System.Diagnostics;
using System.Globalization;

namespace Gateway.ChaosTests.Flood;

/// <summary>
/// How much of the machine's processor time the processes of the test could have had: a latency is judged by it where something else keeps
/// the machine busy.
/// </summary>
internal sealed class MachineShare(int gateway)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10); // USER_HZ, which is 100 on every Linux

    private readonly TimeSpan _ours = OurTime(gateway);
    private readonly (TimeSpan Total, TimeSpan Used) _machine = Machine();

    /// <param name="hostile">What the hostile process has used since this began.</param>
    /// <returns>1 if nobody else used any.</returns>
    public double LeftByOthers(TimeSpan hostile)
    {
        var (total, used) = Machine();
        var others = used - _machine.Used - (OurTime(gateway) - _ours) - hostile;
        return Math.Clamp(1 - others / (total - _machine.Total), 0.05, 1);
    }

    private static TimeSpan OurTime(int gateway)
    {
        using var process = Process.GetProcessById(gateway);
        return process.TotalProcessorTime + Environment.CpuUsage.TotalTime;
    }

    /// <summary>
    /// proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal. Interrupts belong to nobody; what the host gives to other
    /// machines is not ours.
    /// </summary>
    private static (TimeSpan Total, TimeSpan Used) Machine()
    {
        var ticks = File.ReadLines("/proc/stat")
            .First()
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Skip(1)
            .Take(8)
            .Select(t => long.Parse(t, CultureInfo.InvariantCulture))
            .ToArray();
        return (ticks.Sum() * Tick, (ticks[0] + ticks[1] + ticks[2] + ticks[7]) * Tick);
    }
}
