namespace Gateway.OpenTelemetry;

/// <summary>What one instrument of one meter contributes to the page.</summary>
/// <param name="Scope">The meter's name, version and tags as labels.</param>
/// <param name="Family">The instrument's series.</param>
internal sealed record InstrumentReading(IReadOnlyList<Label> Scope, MetricFamily Family);

/// <summary>
/// Merges instruments of the same name into one family, so that no name, sample or series appears twice on the page. If several meters
/// share a family, labels name the meter of each series. A conflict that labels cannot resolve is left out and listed in
/// <see cref="Conflicts"/>; the first one stays.
/// </summary>
internal sealed class FamilyTable
{
    private readonly Dictionary<string, List<InstrumentReading>> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _samples = new(StringComparer.Ordinal); // sample name → family name
    private readonly List<string> _conflicts = [];

    public IReadOnlyList<string> Conflicts => _conflicts;

    public void Add(InstrumentReading reading)
    {
        var family = reading.Family;
        if (family.Series.Count == 0) return;
        if (_byName.TryGetValue(family.Name, out var same))
        {
            if (same[0].Family.Type == family.Type) same.Add(reading);
            else _conflicts.Add($"{family.Name} is a {same[0].Family.Type} and a {family.Type}");
            return;
        }
        foreach (var sample in SampleNames(family))
        {
            if (!_samples.TryGetValue(sample, out var other)) continue;
            _conflicts.Add($"{sample} is a sample of {family.Name} and of {other}");
            return;
        }
        foreach (var sample in SampleNames(family)) _samples.Add(sample, family.Name);
        _byName.Add(family.Name, [reading]);
    }

    /// <returns>The families, sorted by name.</returns>
    public IReadOnlyList<MetricFamily> ToFamilies() =>
        [.. _byName.Values.Select(Merge).OrderBy(static family => family.Name, StringComparer.Ordinal)];

    private MetricFamily Merge(List<InstrumentReading> readings)
    {
        var first = readings[0].Family;
        var severalScopes = readings.Select(static reading => LabelSet.Identity(reading.Scope)).Distinct().Skip(1).Any();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var merged = new List<Series>();
        foreach (var reading in readings)
        {
            foreach (var series in reading.Family.Series)
            {
                var labelled = severalScopes
                    ? series with { Labels = [.. series.Labels, .. reading.Scope.ExceptBy(series.Labels.Select(NameOf), NameOf)] }
                    : series;
                if (seen.Add(LabelSet.Identity(labelled.Labels))) merged.Add(labelled);
                else _conflicts.Add($"{first.Name} has two series with the same labels");
            }
        }
        return first with { Series = merged };
    }

    private static string NameOf(Label label) => label.Name;

    private static string[] SampleNames(MetricFamily family) =>
        family.Type is FamilyType.Histogram
            ? [family.Name, family.Name + "_bucket", family.Name + "_sum", family.Name + "_count"]
            : [family.Name];
}
