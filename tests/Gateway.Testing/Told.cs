using System.Text;

namespace Gateway.Testing;

/// <summary>
/// Keeps what the gateways of a test run told anybody: logs, metrics, errors. `tests/run.sh` names the folder, and searches it for tokens
/// and keys when all tests are through. Without the folder nothing is kept.
/// </summary>
public static class Told
{
    private static readonly TextWriter? File = Open();

    public static bool IsKept => File != null;

    public static void Note(string text) => File?.WriteLine(text);

    private static TextWriter? Open()
    {
        if (Environment.GetEnvironmentVariable("TOLD_FOLDER") is not { Length: > 0 } folder) return null;
        return TextWriter.Synchronized(
            new StreamWriter(Path.Combine(folder, $"{Environment.ProcessId}.log"), append: true, Encoding.UTF8) { AutoFlush = true });
    }
}
