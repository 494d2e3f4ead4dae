using System.Reflection;
using Gateway.AspNetCore.Validation;
using Gateway.Configuration.Sources;
using Gateway.Core.Configuration;

namespace Gateway.Configuration;

/// <summary>
/// Loads the defaults, the YAML file, the environment and the command line, in this order, and validates the result. A value that a later
/// source overrides is validated too, so a mistake in a file is not found only when the override is removed.
/// </summary>
internal static class ConfigurationLoader
{
    /// <summary>The file that is read without <c>--config-file</c>, if it exists.</summary>
    public const string DefaultFile = "config/gateway.yaml";

    /// <param name="arguments">The command line.</param>
    /// <param name="environment">The environment variables.</param>
    /// <param name="directory">The base of relative paths.</param>
    public static ConfigurationResult Load(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, string directory)
    {
        if (arguments.Any(argument => argument is "--help" or "-h")) return new ConfigurationResult.Text(Usage.Text());
        if (arguments.Contains("--version")) return new ConfigurationResult.Text(VersionText());

        var options = new ProgramOptions();
        var keys = new List<KeyDescription>();
        ProgramSchema.Root.Describe(options, "", keys);
        var binding = new Binding(keys.ConvertAll(key => key.Key));
        foreach (var source in ReadSources(arguments, environment, directory, keys))
        {
            binding.Errors.AddRange(source.Errors);
            ProgramSchema.Root.Bind(options, source.Settings, "", binding);
        }
        GatewayRules.Check(options, options.Redis.Enabled, directory, binding);
        PortRules.Check(options, binding);
        TlsRule.Check(options.Server.Tls, directory, binding);
        return binding.Errors.Count == 0 ? new ConfigurationResult.Loaded(options) : new ConfigurationResult.Invalid(binding.Errors);
    }

    private static IEnumerable<SourceText> ReadSources(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, string directory,
        IEnumerable<KeyDescription> keys)
    {
        var (commandLine, file) = CommandLineSource.Read(arguments);
        if (file == null && File.Exists(Path.Combine(directory, DefaultFile))) file = DefaultFile;
        if (file != null) yield return YamlSource.ReadFile(file, directory);
        yield return EnvironmentSource.Read(environment, keys.Select(key => key.Key.Split('.')[0]).ToHashSet(StringComparer.Ordinal));
        yield return commandLine;
    }

    private static string VersionText() =>
        $"gateway {typeof(ConfigurationLoader).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}";
}
