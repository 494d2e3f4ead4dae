using System.Collections;

namespace Gateway.Configuration;

internal static class Settings
{
    /// <summary>The process's environment variables.</summary>
    public static IReadOnlyDictionary<string, string> FromEnvironment() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "", StringComparer.Ordinal);
}
