using System.Globalization;

namespace Gateway.Core.Wire;

/// <summary>
/// Durations in configuration and commands: a whole number and a unit, <c>ms</c>, <c>s</c>, <c>m</c> or <c>h</c>, without a space. <c>0</c>
/// needs no unit.
/// </summary>
internal static class DurationText
{
    /// <summary>The units, smallest first.</summary>
    public static IReadOnlyList<(string Unit, long Milliseconds)> Units { get; } =
        [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

    public static bool TryRead(string text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        if (text == "0") return true;
        foreach (var (unit, milliseconds) in Units)
        {
            // An int times an hour fits in a long.
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && int.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                value = new TimeSpan(count * milliseconds * TimeSpan.TicksPerMillisecond);
                return true;
            }
        }
        return false;
    }
}
