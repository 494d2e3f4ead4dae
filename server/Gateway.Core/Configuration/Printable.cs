using System.Globalization;
using System.Text;

namespace Gateway.Core.Configuration;

/// <summary>Makes external text safe for a one-line message: truncated, and without control characters.</summary>
internal static class Printable
{
    private const int Longest = 120;

    public static string Quoted(string text) => $"\"{Text(text)}\"";

    public static string Text(string text)
    {
        var printed = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (printed.Length >= Longest)
                return printed.Append('…').ToString();
            if (IsSafe(rune))
                printed.Append(rune.ToString());
            else
                printed.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
        }
        return printed.ToString();
    }

    private static bool IsSafe(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse);
}
