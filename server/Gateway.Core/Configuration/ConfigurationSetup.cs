using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Gateway.Core.Configuration;

/// <summary>
/// Sets options from a section of the application's configuration, by the schema of the gateway's own configuration file: the same keys,
/// the same rules, every fault at once. A key may also be written as .NET applications write theirs (<c>MaxPerConnection</c> for
/// <c>max_per_connection</c>).
/// </summary>
internal sealed class ConfigurationSetup<T>(IConfiguration configuration, Shape<T> schema) : IConfigureOptions<T>
    where T : class
{
    /// <exception cref="OptionsValidationException">The configuration has faults; all of them are told.</exception>
    public void Configure(T options)
    {
        var known = new List<KeyDescription>();
        schema.Describe(options, "", known);
        var binding = new Binding(known.ConvertAll(key => key.Key));
        schema.Bind(options, Section(configuration.GetChildren(), PathOf(configuration)), "", binding);
        if (binding.Errors.Count > 0)
            throw new OptionsValidationException(Options.DefaultName, typeof(T), binding.Errors.Select(error => error.ToString()));
    }

    private static MapSetting Section(IEnumerable<IConfigurationSection> children, string path)
    {
        var section = new MapSetting(Origin.Application(path));
        foreach (var child in children)
        {
            if (child.GetChildren().ToList() is { Count: > 0 } below) section.Entries[child.Key] = Section(below, child.Path);
            else if (child.Value is { } text) section.Entries[child.Key] = new TextSetting(text, Origin.Application(child.Path));
        }
        return section;
    }

    private static string PathOf(IConfiguration configuration) =>
        configuration is IConfigurationSection section ? section.Path : "configuration";
}
