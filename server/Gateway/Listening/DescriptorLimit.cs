using System.Globalization;

namespace Gateway.Listening;

/// <summary>
/// The maximum number of open files of this process (<c>RLIMIT_NOFILE</c>), sockets included, and how many are open. Known on Linux only.
/// </summary>
internal static class DescriptorLimit
{
    private const string Limits = "/proc/self/limits";
    private const string Open = "/proc/self/fd";
    private const string Line = "Max open files";

    /// <returns>The limit; <c>null</c> if there is none or it is unknown.</returns>
    public static int? Read()
    {
        if (!File.Exists(Limits)) return null;
        var line = File.ReadLines(Limits).FirstOrDefault(l => l.StartsWith(Line, StringComparison.Ordinal));
        return line?[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var soft, ..]
            && int.TryParse(soft, CultureInfo.InvariantCulture, out var limit)
            ? limit
            : null;
    }

    public static int InUse() => Directory.Exists(Open) ? Directory.EnumerateFileSystemEntries(Open).Count() : 0;
}
