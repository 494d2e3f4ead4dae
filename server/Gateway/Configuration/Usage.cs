using System.Text;
using Gateway.Core.Configuration;

namespace Gateway.Configuration;

/// <summary>What <c>--help</c> prints: every key as the option that sets it, with its default and what is allowed.</summary>
internal static class Usage
{
    private const int Column = 44;

    public static string Text()
    {
        var keys = new List<KeyDescription>();
        ProgramSchema.Root.Describe(new ProgramOptions(), "", keys);
        var text = new StringBuilder($"""
            Usage: gateway [--config-file PATH] [--section:key=value ...]

            Settings come from the YAML file (PATH, else {ConfigurationLoader.DefaultFile} where it exists), then from the
            environment (GATEWAY_SERVER__PORT=8081), then from the command line (--server:port=8081); the later wins.
            Lists are written with commas, or by index: --rooms:auto_join:0=lobby.

              --help, -h     this text
              --version      the version

            Every option with its default, and what is allowed:

            """).AppendLine();
        foreach (var key in keys)
        {
            var option = $"  --{key.Key.Replace('.', ':')}{(key.Value is null ? "" : "=" + key.Value)}";
            // <n> and <name> stand for rooms and types that the configuration names; what these are without any is in the file.
            text.Append(option.PadRight(Column)).Append(' ').AppendLine(key.Allowed);
        }
        return text.ToString();
    }
}
