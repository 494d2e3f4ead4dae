using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gateway.Core.Configuration;

/// <summary>The kinds of value that a key can have.</summary>
internal static class Values
{
    public static Value<bool> Flag { get; } = new("true or false", bool.TryParse, flag => flag ? "true" : "false");

    public static Value<T> Whole<T>(T min, T max) where T : IBinaryInteger<T> => new(
        string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}"),
        (string text, out T value) =>
            T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value!) && value >= min && value <= max,
        value => value.ToString(null, CultureInfo.InvariantCulture));

    public static Value<TimeSpan> Time(TimeSpan min, TimeSpan max) => new(
        $"a time from {Duration.Write(min)} to {Duration.Write(max)}, written like 500ms, 10s, 5m or 1h",
        (string text, out TimeSpan value) => Duration.TryRead(text, out value) && value >= min && value <= max,
        Duration.Write);

    public static Value<T> Choice<T>() where T : struct, Enum
    {
        var names = Enum.GetValues<T>().ToDictionary(value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
        return new Value<T>(
            string.Join(", ", names.Keys),
            (string text, out T value) => names.TryGetValue(text, out value),
            value => names.FirstOrDefault(entry => entry.Value.Equals(value)).Key);
    }

    /// <summary>Creates a rule for text.</summary>
    /// <param name="allowed">What <paramref name="isAllowed"/> checks, in words.</param>
    public static Value<string> Text(string allowed, Func<string, bool> isAllowed) => new(
        allowed,
        (string text, out string value) =>
        {
            value = text;
            return isAllowed(text);
        },
        text => text);

    public static Value<string> Text(string allowed, Regex pattern) => Text(allowed, pattern.IsMatch);
}
