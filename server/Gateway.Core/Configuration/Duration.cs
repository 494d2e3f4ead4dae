using System.Globalization;
using Gateway.Core.Wire;

namespace Gateway.Core.Configuration;

/// <summary>
/// A time as configuration writes it: a whole number and its unit, <c>ms</c>, <c>s</c>, <c>m</c> or <c>h</c>, with nothing between
/// them; and <c>0</c>, which needs no unit. <see cref="Write"/> takes the greatest unit that divides it.
/// </summary>
internal static class Duration
{
    public static bool TryRead(string text, out TimeSpan value) => DurationText.TryRead(text, out value);

    public static string Write(TimeSpan value)
    {
        var milliseconds = value.Ticks / TimeSpan.TicksPerMillisecond;
        if (milliseconds == 0)
            return "0";
        var (unit, size) = DurationText.Units.Last(unit => milliseconds % unit.Milliseconds == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{milliseconds / size}{unit}");
    }
}
