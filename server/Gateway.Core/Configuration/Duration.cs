using System.Globalization;
using Gateway.Core.Wire;

namespace Gateway.Core.Configuration;

/// <summary>
/// Durations in configuration: see <see cref="DurationText"/>. <see cref="Write"/> uses the largest unit that divides the value.
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
