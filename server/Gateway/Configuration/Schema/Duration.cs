using System.Globalization;

namespace Gateway.Configuration.Schema;

/// <summary>
/// A time as configuration writes it: a whole number and its unit, <c>ms</c>, <c>s</c>, <c>m</c> or <c>h</c>, with nothing between
/// them; and <c>0</c>, which needs no unit. <see cref="Write"/> takes the greatest unit that divides it.
/// </summary>
internal static class Duration
{
    private static readonly (string Unit, long Milliseconds)[] Units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

    public static bool TryRead(string text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        if (text == "0")
            return true;
        foreach (var (unit, milliseconds) in Units)
        {
            // An int times an hour stays far within a long.
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && int.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                value = new TimeSpan(count * milliseconds * TimeSpan.TicksPerMillisecond);
                return true;
            }
        }
        return false;
    }

    public static string Write(TimeSpan value)
    {
        var milliseconds = value.Ticks / TimeSpan.TicksPerMillisecond;
        if (milliseconds == 0)
            return "0";
        var (unit, size) = Units.Last(unit => milliseconds % unit.Milliseconds == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{milliseconds / size}{unit}");
    }
}
