using System.Collections;
using System.Globalization;

namespace Gateway.OpenTelemetry;

/// <summary>Converts an instrument's tags, which may have any key and any value, to labels.</summary>
internal static class LabelSet
{
    /// <summary>Converts tags to labels.</summary>
    /// <param name="tags">The tags.</param>
    /// <param name="reserved">A name that the family itself uses, such as <c>le</c>; a tag of that name becomes <c>exported_le</c>.</param>
    /// <param name="prefix">Added before each label's name.</param>
    public static IReadOnlyList<Label> From(IEnumerable<KeyValuePair<string, object?>> tags, string? reserved = null, string prefix = "")
    {
        var labels = new List<Label>();
        foreach (var (key, value) in tags.OrderBy(static tag => tag.Key, StringComparer.Ordinal))
        {
            var text = Text(value);
            if (text.Length == 0) continue; // to Prometheus, an empty label is no label
            var name = PrometheusName.Label(prefix + key);
            if (name == reserved) name = "exported_" + name;
            var same = labels.FindIndex(label => label.Name == name);
            // Two tags can have one name, such as a.b and a_b; by the specification their values are joined.
            if (same >= 0) labels[same] = new Label(name, labels[same].Value + ";" + text);
            else labels.Add(new Label(name, text));
        }
        return labels;
    }

    /// <summary>Returns a text that is equal for two sets of labels if and only if the sets are, in any order.</summary>
    public static string Identity(IEnumerable<Label> labels) =>
        string.Concat(labels
            .OrderBy(static label => label.Name, StringComparer.Ordinal)
            .Select(static label => $"{label.Name}={label.Value.Length}:{label.Value},"));

    private static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        bool truth => truth ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable list => "[" + string.Join(',', list.Cast<object?>().Select(Text)) + "]",
        _ => value.ToString() ?? "",
    };
}
