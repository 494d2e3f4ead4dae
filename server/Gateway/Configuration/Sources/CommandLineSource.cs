using Gateway.Core.Configuration;

namespace Gateway.Configuration.Sources;

/// <summary>
/// Reads <c>--server:port=8081</c> or <c>--server:port 8081</c>. If an option appears twice, the last one counts, so scripts can append
/// options.
/// </summary>
internal static class CommandLineSource
{
    private const string FileOption = "config-file";

    /// <returns>The settings, and the path in <c>--config-file</c>.</returns>
    public static (SourceText Source, string? File) Read(IReadOnlyList<string> arguments)
    {
        var settings = new FlatSettings(Origin.CommandLine);
        string? file = null;
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                // The argument is not shown: it may be part of a secret.
                settings.Report("", $"argument {i + 1} is not an option; options are written --section:key=value", Origin.CommandLine);
                continue;
            }
            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? argument[2..] : argument[2..equals];
            var value = equals < 0 ? null : argument[(equals + 1)..];
            if (value is null && i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
                value = arguments[++i];

            if (name == FileOption && !string.IsNullOrEmpty(value)) file = value;
            else if (name == FileOption) settings.Report("--" + FileOption, "needs the path of a YAML file", Origin.CommandLine);
            else if (value is null)
                settings.Report(name.Replace(':', '.'), $"needs a value: --{Printable.Text(name)}=value", Origin.CommandLine);
            else settings.Set(name.Split(':'), value, Origin.CommandLine);
        }
        return (settings.Result, file);
    }
}
