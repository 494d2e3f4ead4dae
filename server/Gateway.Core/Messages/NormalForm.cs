using System.Buffers.Binary;
using System.Text;

namespace Gateway.Core.Messages;

/// <summary>
/// Unicode Normalization Form C (UAX #15), so that a letter with an accent is the same name however it was typed.
/// <see cref="string.Normalize()"/> does nothing here, because the gateway runs without ICU (InvariantGlobalization). normal_form.py writes
/// the data, NormalForm.bin; the first name that is not ASCII loads it.
/// </summary>
internal static class NormalForm
{
    private const int FirstSyllable = 0xAC00, FirstLeading = 0x1100, FirstVowel = 0x1161, BeforeTrailing = 0x11A7;
    private const int Leadings = 19, Vowels = 21, Trailings = 28, Syllables = Leadings * Vowels * Trailings;

    private static readonly Lazy<Tables> Data = new(Tables.Read);

    public static string Compose(string text)
    {
        if (Ascii.IsValid(text)) return text;
        var runes = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes()) Decompose(rune.Value, runes);
        Order(runes);
        Compose(runes);
        var composed = new StringBuilder(text.Length);
        foreach (var rune in runes) composed.Append(new Rune(rune));
        return composed.ToString();
    }

    private static void Decompose(int rune, List<int> into)
    {
        if (rune is >= FirstSyllable and < FirstSyllable + Syllables)
        {
            var index = rune - FirstSyllable;
            into.Add(FirstLeading + (index / (Vowels * Trailings)));
            into.Add(FirstVowel + (index % (Vowels * Trailings) / Trailings));
            if (index % Trailings > 0) into.Add(BeforeTrailing + (index % Trailings));
        }
        else if (Data.Value.Decompositions.TryGetValue(rune, out var parts))
        {
            Decompose(parts.First, into);
            if (parts.Second != 0) into.Add(parts.Second); // the second part has no parts itself
        }
        else
        {
            into.Add(rune);
        }
    }

    /// <summary>Sorts the marks after a letter by their combining class (UAX #15: canonical ordering).</summary>
    private static void Order(List<int> runes)
    {
        for (var i = 1; i < runes.Count; i++)
        {
            var (rune, own) = (runes[i], Class(runes[i]));
            var at = i;
            for (; own > 0 && at > 0 && Class(runes[at - 1]) > own; at--) runes[at] = runes[at - 1];
            runes[at] = rune;
        }
    }

    /// <summary>Composes a letter with each following mark that is not blocked (UAX #15, D115).</summary>
    private static void Compose(List<int> runes)
    {
        var (starter, last, kept) = (-1, 0, 0);
        foreach (var rune in runes.ToArray())
        {
            var own = Class(rune);
            if (starter >= 0 && (kept - 1 == starter || (last != 0 && last < own)) && Pair(runes[starter], rune) is { } composite)
            {
                runes[starter] = composite;
                continue;
            }
            if (own == 0) starter = kept;
            last = own;
            runes[kept++] = rune;
        }
        runes.RemoveRange(kept, runes.Count - kept);
    }

    private static int? Pair(int first, int second)
    {
        if (first is >= FirstLeading and < FirstLeading + Leadings && second is >= FirstVowel and < FirstVowel + Vowels)
            return FirstSyllable + ((((first - FirstLeading) * Vowels) + second - FirstVowel) * Trailings);
        if (first is >= FirstSyllable and < FirstSyllable + Syllables && (first - FirstSyllable) % Trailings == 0
            && second is > BeforeTrailing and < BeforeTrailing + Trailings)
            return first + second - BeforeTrailing;
        return Data.Value.Compositions.TryGetValue((first, second), out var composite) ? composite : null;
    }

    private static int Class(int rune) => rune < 0x300 ? 0 : Data.Value.Classes.GetValueOrDefault(rune);

    private sealed record Tables(
        Dictionary<int, (int First, int Second)> Decompositions, Dictionary<(int, int), int> Compositions, Dictionary<int, int> Classes)
    {
        /// <summary>Reads the tables. normal_form.py describes the layout.</summary>
        public static Tables Read()
        {
            using var resource = typeof(NormalForm).Assembly.GetManifestResourceStream("NormalForm.bin")
                ?? throw new InvalidOperationException("The assembly does not contain NormalForm.bin.");
            var bytes = new byte[resource.Length];
            resource.ReadExactly(bytes);
            var tables = new Tables([], [], []);
            var at = 3 * sizeof(ushort);
            for (var table = 0; table < 3; table++)
            {
                for (var row = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(table * sizeof(ushort))); row > 0; row--)
                {
                    var (a, b, c) = (Next(), Next(), Next());
                    if (table == 0) tables.Decompositions[a] = (b, c);
                    else if (table == 1) tables.Compositions[(a, b)] = c;
                    else for (var rune = a; rune <= b; rune++) tables.Classes[rune] = c;
                }
            }
            return tables;

            int Next() => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan((at += sizeof(int)) - sizeof(int)));
        }
    }
}
