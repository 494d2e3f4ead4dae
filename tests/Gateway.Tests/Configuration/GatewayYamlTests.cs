using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Configuration;
using Xunit;
using YamlDotNet.Serialization;

namespace Gateway.Tests.Configuration;

/// <summary>
/// Holds ProgramOptions, the schema and config/gateway.yaml together. What the options hold is read by reflection, and what the file
/// holds by YamlDotNet's own deserialiser, so that neither can hide what the loader forgets.
/// </summary>
public sealed class GatewayYamlTests
{
    [Fact]
    public void FileEqualsTheDefaultsKeyByKey()
    {
        var loaded = Load();
        var expected = Leaves(JsonSerializer.SerializeToNode(new ProgramOptions()), "").ToList();

        Assert.Equal(expected, Leaves(JsonSerializer.SerializeToNode(loaded.Options), ""));
        Assert.True(expected.Count > 40);
    }

    [Fact]
    public void NoKeyIsMissingFromTheFile()
    {
        var file = Keys((IDictionary<object, object>)new DeserializerBuilder().Build().Deserialize<object>(Text()), "").ToHashSet();

        Assert.Equal(PropertyKeys().Order(), file.Order());
    }

    [Fact]
    public void EveryKeyHasItsLineOfMeaning()
    {
        // The keys of a policy are those of the defaults, explained there; they stand deeper than any other.
        var lines = Text().Split('\n').Where(line => line.Contains(": ") && !line.StartsWith("      ", StringComparison.Ordinal));

        Assert.All(lines, line => Assert.Contains("#", line));
    }

    [Fact]
    public void EveryPropertyIsAKeyOfTheHelp()
    {
        var help = ((ConfigurationResult.Text)ConfigurationLoader.Load(["--help"], new Dictionary<string, string>(), "/")).Content;

        Assert.All(PropertyKeys(), key => Assert.Contains("  --" + key.Replace('.', ':'), help));
    }

    [Fact]
    public void ClusterExampleLoads()
    {
        var result = ConfigurationLoader.Load(
            ["--config-file", "config/gateway.cluster.yaml"], new Dictionary<string, string>(), ConfigurationFolder.Repository);

        Assert.True(Assert.IsType<ConfigurationResult.Loaded>(result).Options.Redis.Enabled);
    }

    [Fact]
    public void EveryPropertyCanBeSet()
    {
        // Each key gets a text that no kind allows; a property that the schema forgot would be called unknown.
        var arguments = PropertyKeys().Select(key => $"--{key.Replace('.', ':')}=\u0001").ToArray();
        var result = ConfigurationLoader.Load(arguments, new Dictionary<string, string>(), Path.GetTempPath());

        Assert.All(Assert.IsType<ConfigurationResult.Invalid>(result).Errors, error => Assert.DoesNotContain("unknown key", error.Problem));
    }

    private static ConfigurationResult.Loaded Load() => Assert.IsType<ConfigurationResult.Loaded>(
        ConfigurationLoader.Load([], new Dictionary<string, string>(), ConfigurationFolder.Repository));

    private static string Text() => File.ReadAllText(Path.Combine(ConfigurationFolder.Repository, ConfigurationLoader.DefaultFile));

    private static IEnumerable<(string Key, string? Value)> Leaves(JsonNode? node, string key) => node switch
    {
        JsonObject section => section.SelectMany(entry => Leaves(entry.Value, $"{key}.{entry.Key}")),
        JsonArray { Count: > 0 } list => list.SelectMany((item, index) => Leaves(item, $"{key}.{index}")),
        _ => [(key, node?.ToJsonString())],
    };

    private static IEnumerable<string> Keys(IDictionary<object, object> section, string above) => section.SelectMany(entry =>
        entry.Value is IDictionary<object, object> { Count: > 0 } below ? Keys(below, $"{above}{entry.Key}.") : [$"{above}{entry.Key}"]);

    private static IEnumerable<string> PropertyKeys(Type? type = null, string above = "") =>
        (type ?? typeof(ProgramOptions)).GetProperties().DistinctBy(property => property.Name).SelectMany(property =>
        {
            var name = property.Name == "SignalR" ? "signalr" : JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
            return property.PropertyType.IsClass && property.PropertyType != typeof(string)
                ? PropertyKeys(property.PropertyType, $"{above}{name}.")
                : [above + name];
        });
}
