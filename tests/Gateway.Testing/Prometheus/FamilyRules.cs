namespace Gateway.Testing.Prometheus;

/// <summary>What holds within and between whole families.</summary>
internal static class FamilyRules
{
    public static void Check(PrometheusPage page)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var family in page.Families)
        {
            PrometheusText.Require(family.Samples.Count > 0, "a family without samples", family.Name);
            foreach (var sample in family.Samples) PrometheusText.Require(seen.Add(sample.Identity()), "a series twice", sample.Identity());
            foreach (var name in family.Samples.Select(sample => sample.Name).Append(family.Name).Distinct())
                PrometheusText.Require(names.TryAdd(name, family.Name), $"{name} is {family.Name}'s and", names[name]);
            if (family.Type == "counter") Counter(family);
            if (family.Type == "histogram") Histogram(family);
            else
                PrometheusText.Require(
                    !family.Name.EndsWith("_bucket", StringComparison.Ordinal), "a bucket outside a histogram", family.Name);
        }
    }

    private static void Counter(PrometheusFamily family)
    {
        PrometheusText.Require(family.Name.EndsWith("_total", StringComparison.Ordinal), "a counter that is no _total", family.Name);
        PrometheusText.Require(!family.Name.EndsWith("_total_total", StringComparison.Ordinal), "_total doubled", family.Name);
        foreach (var sample in family.Samples) PrometheusText.Require(sample.Value >= 0, "a counter below 0", sample.Identity());
    }

    private static void Histogram(PrometheusFamily family)
    {
        var counts = family.Of("_count").ToDictionary(sample => sample.Identity()[family.Name.Length..], sample => sample.Value);
        var sums = family.Of("_sum")
            .Select(sample => sample.Identity()[family.Name.Length..].Replace("_sum", "_count", StringComparison.Ordinal)).ToHashSet();
        PrometheusText.Require(counts.Keys.ToHashSet().SetEquals(sums), "_sum and _count do not match", family.Name);
        var series = family.Of("_bucket").GroupBy(sample => sample.Identity(without: "le")[(family.Name + "_bucket").Length..]).ToList();
        PrometheusText.Require(series.Count == counts.Count, "not as many series of buckets as counts", family.Name);
        foreach (var buckets in series)
        {
            var (bound, count) = (double.NegativeInfinity, 0.0);
            foreach (var bucket in buckets)
            {
                PrometheusText.Require(bucket.Labels.ContainsKey("le"), "a bucket without le", family.Name);
                var next = PrometheusText.Number(bucket.Labels["le"]);
                PrometheusText.Require(next > bound && bucket.Value >= count, "buckets that do not rise", bucket.Identity());
                (bound, count) = (next, bucket.Value);
            }
            PrometheusText.Require(double.IsPositiveInfinity(bound), "no +Inf bucket", family.Name);
            PrometheusText.Require(
                counts.TryGetValue("_count" + buckets.Key, out var total) && total == count, "+Inf bucket and _count differ", family.Name);
        }
    }
}
