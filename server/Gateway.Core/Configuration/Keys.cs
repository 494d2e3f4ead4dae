using System.Globalization;
using System.Text.Json;

namespace Gateway.Core.Configuration;

/// <summary>Keys are levels separated by dots: <c>server.port</c>, <c>rooms.policies.0.match</c>.</summary>
internal static class Keys
{
    /// <summary>The longest key for which there is a suggestion, because the search is quadratic.</summary>
    private const int LongestGuess = 80;

    public static string Join(string parent, string name) => parent.Length == 0 ? name : $"{parent}.{name}";

    public static string Join(string parent, int index) => Join(parent, index.ToString(CultureInfo.InvariantCulture));

    public static string InSnakeCase(string key) => string.Join('.', key.Split('.').Select(JsonNamingPolicy.SnakeCaseLower.ConvertName));

    /// <summary>Finds the known key that is most similar.</summary>
    /// <returns>The key that was probably meant, or <c>null</c>.</returns>
    public static string? Nearest(string unknown, IEnumerable<string> known)
    {
        if (unknown.Length > LongestGuess)
            return null;
        var name = unknown[(unknown.LastIndexOf('.') + 1)..];
        var nearest = known
            .Select(key => (Key: key, Distance: Distance(unknown, key)))
            .OrderBy(candidate => candidate.Distance)
            .ThenByDescending(candidate => candidate.Key.EndsWith("." + name, StringComparison.Ordinal))
            .FirstOrDefault((Key: "", Distance: int.MaxValue));
        if (nearest.Distance <= Math.Max(2, unknown.Length / 4))
            return nearest.Key;
        // The right name in the wrong section is the other common mistake.
        return known.FirstOrDefault(key => key.EndsWith("." + name, StringComparison.Ordinal));
    }

    /// <summary>The Levenshtein distance, row by row.</summary>
    private static int Distance(string a, string b)
    {
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            row[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substitution, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}
