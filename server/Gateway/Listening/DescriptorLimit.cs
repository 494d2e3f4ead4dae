using System.Globalization;

namespace Gateway.Listening;

/// <summary>How many files, sockets included, this process may have open (<c>RLIMIT_NOFILE</c>), and how many it has. Linux tells; elsewhere nothing is known.</summary>
internal static class DescriptorLimit
{
    private const string Limits = "/proc/self/limits";
    private const string Open = "/proc/self/fd";
    private const string Line = "Max open files";

    /// <returns><c>null</c>: unlimited, or not known.</returns>
    public static int? Read()
    {
        if (!File.Exists(Limits)) return null;
        var line = File.ReadLines(Limits).FirstOrDefault(l => l.StartsWith(Line, StringComparison.Ordinal));
        return line?[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var soft, ..] && int.TryParse(soft, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }

    public static int InUse() => Directory.Exists(Open) ? Directory.EnumerateFileSystemEntries(Open).Count() : 0;
}
