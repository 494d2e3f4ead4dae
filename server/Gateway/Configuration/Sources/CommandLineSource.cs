using Gateway.Core.Configuration;
namespace Gateway.Configuration.Sources;

/// <param name="File">What <c>--config-file</c> names.</param>
internal sealed record CommandLine(SourceText Source, string? File, bool Help, bool Version);

/// <summary>
/// <c>--server:port=8081</c> or <c>--server:port 8081</c>. Of an option given twice the last counts, so that scripts can append.
/// </summary>
internal static class CommandLineSource
{
    private const string FileOption = "config-file";

    public static CommandLine Read(IReadOnlyList<string> arguments)
    {
        var settings = new FlatSettings(Origin.CommandLine);
        string? file = null;
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                // The text is not repeated: it may be the torn-off half of a secret.
                settings.Report("", $"argument {i + 1} is not an option; options are written --section:key=value", Origin.CommandLine);
                continue;
            }
            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? argument[2..] : argument[2..equals];
            var value = equals < 0 ? null : argument[(equals + 1)..];
            if (value is null && i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
                value = arguments[++i];

            if (name == FileOption)
                file = value ?? "";
            else if (value is null)
                settings.Report(name.Replace(':', '.'), $"needs a value: --{Printable.Text(name)}=value", Origin.CommandLine);
            else
                settings.Set(name.Split(':'), value, Origin.CommandLine);
        }
        if (file is { Length: 0 })
        {
            settings.Report("--" + FileOption, "needs the path of a YAML file", Origin.CommandLine);
            file = null;
        }
        return new CommandLine(settings.Result, file, Has(arguments, "--help", "-h"), Has(arguments, "--version"));
    }

    private static bool Has(IReadOnlyList<string> arguments, params ReadOnlySpan<string> names)
    {
        foreach (var argument in arguments)
            if (names.Contains(argument))
                return true;
        return false;
    }
}
