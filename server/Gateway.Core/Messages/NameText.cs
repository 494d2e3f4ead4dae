using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gateway.Core.Messages;

/// <summary>
/// The rules for names of rooms and users: only visible characters. Two names that differ in an invisible character (zero-width,
/// bidirectional control, filler) would look the same.
/// </summary>
internal static class NameText
{
    private const int Longest = 1024;

    // Invisible characters in visible categories: fillers, joiners, variation selectors (Unicode: Default_Ignorable_Code_Point) and the
    // Braille blank.
    private static readonly (int First, int Last)[] Invisible =
    [
        (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164),
        (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF),
    ];

    /// <summary>Returns whether all characters are visible. A lone surrogate is not.</summary>
    /// <param name="allowSpaces">Whether the name may contain spaces (U+0020).</param>
    public static bool IsVisible(ReadOnlySpan<char> name, bool allowSpaces)
    {
        while (!name.IsEmpty)
        {
            var status = Rune.DecodeFromUtf16(name, out var rune, out var length);
            if (status != OperationStatus.Done || !IsVisible(rune, allowSpaces)) return false;
            name = name[length..];
        }
        return true;
    }

    /// <summary>Returns the name in normal form C. An invisible or too long name comes back unchanged; its check rejects it.</summary>
    public static string Normalize(string name) =>
        Ascii.IsValid(name) || name.Length > Longest || !IsVisible(name, allowSpaces: true) ? name : NormalForm.Compose(name);

    /// <summary>Returns the name in normal form C without invisible characters. Other white space becomes a space.</summary>
    public static string Strip(string name)
    {
        if (IsVisible(name, allowSpaces: true)) return Normalize(name.Trim());
        var stripped = new StringBuilder(name.Length);
        foreach (var rune in name.EnumerateRunes()) // a lone surrogate comes as U+FFFD
        {
            if (IsVisible(rune, allowSpaces: true)) stripped.Append(rune);
            else if (Rune.IsWhiteSpace(rune) && !Rune.IsControl(rune)) stripped.Append(' ');
        }
        return Normalize(stripped.ToString().Trim());
    }

    private static bool IsVisible(Rune rune, bool allowSpaces)
    {
        if (rune.Value == ' ') return allowSpaces;
        if (rune.IsAscii) return !Rune.IsControl(rune);
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator) return false;
        foreach (var (first, last) in Invisible)
            if (rune.Value >= first && rune.Value <= last)
                return false;
        return true;
    }
}
