using System.Text.RegularExpressions;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>
/// Every counter that the documents name is on the page of a gateway to which nothing has happened yet: a rate misses no first event.
/// </summary>
public sealed partial class FreshCountersTests
{
    [Fact]
    public async Task EveryDocumentedCounterIsThereFromTheStartWithAllItsLabels()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var gateway = await GatewayProcess.StartAsync(
            "--redis:enabled=true", "--redis:connection=" + redis.Address, "--auth:mode=jwt",
            "--auth:signing_key=a secret of at least thirty-two bytes",
            "--server:token_key=another secret of thirty-two bytes", "--admin:api_key=an-operators-key-of-many-letters");

        var page = await gateway.ScrapeAsync();

        var documented = await DocumentedAsync();
        Assert.True(documented.Count > 30);
        var missing = new List<string>();
        foreach (var (name, labels, values) in documented)
        {
            if (!page.Has(name)) missing.Add(name);
            else if (labels.Contains("dialect") && Labels(page, name, "dialect").Count != 3) missing.Add(name + " for each dialect");
            else if (labels.FirstOrDefault(label => label != "dialect") is { } label)
                missing.AddRange(
                    values.Where(value => value != label).Except(Labels(page, name, label))
                        .Select(value => $"{name}{{{label}=\"{value}\"}}"));
        }
        Assert.Equal([], missing);
    }

    private static HashSet<string> Labels(Gateway.Testing.Prometheus.PrometheusPage page, string name, string label) =>
        [.. page[name].Samples.Select(sample => sample.Labels.GetValueOrDefault(label, ""))];

    /// <summary>The rows of the table, with the label values that their descriptions name.</summary>
    private static async Task<List<(string Name, string[] Labels, string[] Values)>> DocumentedAsync()
    {
        var text = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "docs", "operations.md"));
        return [.. text.Select(line => CounterRow().Match(line)).Where(row => row.Success).Select(row => (
            row.Groups["name"].Value,
            row.Groups["labels"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries),
            LabelValue().Matches(row.Groups["text"].Value).Select(value => value.Groups[1].Value).ToArray()))];
    }

    [GeneratedRegex(@"^\| `(?<name>[a-z_]+)(\{(?<labels>[a-z,]+)\})?` \| counter \| (?<text>.*) \|$")]
    private static partial Regex CounterRow();

    [GeneratedRegex("`([a-z][a-z_ ]*)`")]
    private static partial Regex LabelValue();
}
