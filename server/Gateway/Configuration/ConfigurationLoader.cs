using System.Reflection;
using Gateway.AspNetCore.Validation;
using Gateway.Configuration.Sources;
using Gateway.Core.Configuration;

namespace Gateway.Configuration;

/// <summary>
/// Defaults, then the YAML file, then the environment, then the command line: each is laid over what is there already, and then the
/// whole is checked. A value that a later source replaces is checked too, so a mistake does not wait in a file for its day.
/// </summary>
internal static class ConfigurationLoader
{
    /// <summary>Read where <c>--config-file</c> names none, if it exists.</summary>
    public const string DefaultFile = "config/gateway.yaml";

    /// <param name="directory">What relative paths are relative to: the process's current directory, except in tests.</param>
    public static ConfigurationResult Load(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, string directory)
    {
        var options = new ProgramOptions();
        var commandLine = CommandLineSource.Read(arguments);
        if (commandLine.Help)
            return new ConfigurationResult.Printed(Usage.Text());
        if (commandLine.Version)
            return new ConfigurationResult.Printed(VersionText());

        var file = commandLine.File ?? (File.Exists(Path.Combine(directory, DefaultFile)) ? DefaultFile : null);
        var known = KnownKeys();
        var sections = known.Select(key => key.Split('.')[0]).ToHashSet(StringComparer.Ordinal);
        var binding = new Binding(known);
        foreach (var source in Sources(file, environment, sections, commandLine, directory))
        {
            binding.Errors.AddRange(source.Errors);
            ProgramSchema.Root.Bind(options, source.Settings, "", binding);
        }
        GatewayRules.Check(options, options.Redis.Enabled, directory, binding);
        PortRules.Check(options, binding);
        TlsRule.Check(options.Server.Tls, directory, binding);
        return binding.Errors.Count == 0
            ? new ConfigurationResult.Loaded(options, file)
            : new ConfigurationResult.Refused(binding.Errors);
    }

    private static IEnumerable<SourceText> Sources(
        string? file, IReadOnlyDictionary<string, string> environment, HashSet<string> sections, CommandLine commandLine, string directory)
    {
        if (file is not null)
            yield return YamlSource.ReadFile(file, directory);
        yield return EnvironmentSource.Read(environment, sections);
        yield return commandLine.Source;
    }

    private static List<string> KnownKeys()
    {
        var keys = new List<KeyDescription>();
        ProgramSchema.Root.Describe(new ProgramOptions(), "", keys);
        return keys.ConvertAll(key => key.Key);
    }

    private static string VersionText()
    {
        var assembly = typeof(ConfigurationLoader).Assembly;
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        return $"gateway {version ?? assembly.GetName().Version?.ToString()}";
    }
}
