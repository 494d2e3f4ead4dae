using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gateway.Core.Messages;

/// <summary>
/// What names of rooms and users may consist of: characters that show. Two names that differ by an invisible character (zero-width, bidirectional control, filler) would look the
/// same; so would a name that turns the text after it around.
/// </summary>
internal static class NameText
{
    private const int Longest = 1024;

    /// <summary>Invisible, though their category does not say so: fillers, joiners, variation selectors (Unicode: Default_Ignorable_Code_Point), and the Braille blank.</summary>
    private static readonly (int First, int Last)[] Invisible =
    [
        (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF),
    ];

    /// <summary>Half a surrogate pair does not show either.</summary>
    /// <param name="allowSpaces">Whether it may contain the blank, U+0020, among them.</param>
    public static bool IsVisible(ReadOnlySpan<char> name, bool allowSpaces)
    {
        while (!name.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(name, out var rune, out var length) != OperationStatus.Done || !IsVisible(rune, allowSpaces)) return false;
            name = name[length..];
        }
        return true;
    }

    /// <summary>In normal form C. A name that does not show, or is too long for any, is left as it is, to be refused.</summary>
    public static string Normalize(string name) => Ascii.IsValid(name) || name.Length > Longest || !IsVisible(name, allowSpaces: true) ? name : NormalForm.Compose(name);

    /// <summary>The name in normal form C, without what does not show; other white space becomes a blank.</summary>
    public static string Strip(string name)
    {
        if (IsVisible(name, allowSpaces: true)) return Normalize(name.Trim());
        var stripped = new StringBuilder(name.Length);
        foreach (var rune in name.EnumerateRunes()) // half a pair comes as U+FFFD
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
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned
            or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator) return false;
        foreach (var (first, last) in Invisible)
            if (rune.Value >= first && rune.Value <= last)
                return false;
        return true;
    }
}
