using System.Text;
using Gateway.Core.Configuration;

namespace Gateway.Configuration;

/// <summary>The text of <c>--help</c>: every key as an option, with its default and the allowed values.</summary>
internal static class Usage
{
    private const int Column = 44;

    public static string Text()
    {
        var keys = new List<KeyDescription>();
        ProgramSchema.Root.Describe(new ProgramOptions(), "", keys);
        var text = new StringBuilder($"""
            Usage: gateway [--config-file PATH] [--section:key=value ...]

            Settings come from the YAML file (PATH, or {ConfigurationLoader.DefaultFile} if it exists), from the environment
            (GATEWAY_SERVER__PORT=8081) and from the command line (--server:port=8081). Later sources override earlier ones.
            Lists are written with commas, or by index: --rooms:auto_join:0=lobby.

              --help, -h                    prints this text
              --version                     prints the version
              --health-check live|ready     reads the health of the gateway that runs on this machine; exit code 0 or 1

            Every option with its default and the allowed values:

            """).AppendLine();
        foreach (var key in keys)
        {
            var option = $"  --{key.Key.Replace('.', ':')}{(key.Value is null ? "" : "=" + key.Value)}";
            // <n> and <name> stand for list items and names that the configuration defines; the file has their defaults.
            text.Append(option.PadRight(Column)).Append(' ').AppendLine(key.Allowed);
        }
        return text.ToString();
    }
}
