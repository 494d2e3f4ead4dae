namespace Gateway.Testing.Prometheus;

/// <summary>A page as it was read, its families in the page's order. Refuses families that are interleaved or come twice.</summary>
public sealed class PrometheusPage
{
    private readonly List<PrometheusFamily> _families = [];

    public IReadOnlyList<PrometheusFamily> Families => _families;

    public PrometheusFamily this[string name] =>
        _families.SingleOrDefault(family => family.Name == name) ?? throw new KeyNotFoundException(
            $"no {name} among {string.Join(", ", _families.Select(f => f.Name))}");

    public bool Has(string name) => _families.Exists(family => family.Name == name);

    internal void Begin(string name, string help, string line)
    {
        PrometheusText.Require(!Has(name), "a family's second HELP", line);
        _families.Add(new PrometheusFamily(name, help));
    }

    internal void SetType(string name, string type, string line)
    {
        PrometheusText.Require(_families.Count > 0 && _families[^1].Name == name, "TYPE without HELP ahead of it", line);
        PrometheusText.Require(_families[^1].Type is null, "a family's second TYPE", line);
        PrometheusText.Require(_families[^1].Samples.Count == 0, "TYPE after samples", line);
        _families[^1].Type = type;
    }

    internal void Add(PrometheusSample sample, string line)
    {
        PrometheusText.Require(_families.Count > 0 && _families[^1].Type is not null, "a sample without TYPE", line);
        PrometheusText.Require(_families[^1].Owns(sample.Name), $"a sample among those of {_families[^1].Name}", line);
        _families[^1].Samples.Add(sample);
    }
}

public sealed record PrometheusSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    /// <summary>Equal for the same name and labels, but for those left out.</summary>
    public string Identity(string? without = null) =>
        Name + string.Concat(
            Labels.Where(label => label.Key != without).Select(label => $"|{label.Key}={label.Value.Length}:{label.Value}"));
}

public sealed class PrometheusFamily(string name, string help)
{
    public string Name => name;
    public string Help => help;
    public string? Type { get; internal set; }
    public List<PrometheusSample> Samples { get; } = [];

    /// <summary>Of the only series.</summary>
    public double Value => Samples.Single().Value;

    /// <summary>Of the only sample that has all these labels, and perhaps more.</summary>
    public double With(params (string Name, string Value)[] labels) =>
        Samples.Single(sample => labels.All(label => sample.Labels.GetValueOrDefault(label.Name) == label.Value)).Value;

    public IEnumerable<PrometheusSample> Of(string suffix) => Samples.Where(sample => sample.Name == name + suffix);

    internal bool Owns(string sample) =>
        Type == "histogram" ? sample == name + "_bucket" || sample == name + "_sum" || sample == name + "_count" : sample == name;
}
