using System.Collections;
using System.Globalization;

namespace Gateway.OpenTelemetry;

/// <summary>Labels from an instrument's tags, whatever these are: any key, any value.</summary>
internal static class LabelSet
{
    /// <param name="reserved">A name that the family needs for itself, such as <c>le</c>; a tag that comes to it is <c>exported_le</c>.</param>
    /// <param name="prefix">Ahead of every label's name.</param>
    public static IReadOnlyList<Label> From(IEnumerable<KeyValuePair<string, object?>> tags, string? reserved = null, string prefix = "")
    {
        var labels = new List<Label>();
        foreach (var (key, value) in tags.OrderBy(static tag => tag.Key, StringComparer.Ordinal))
        {
            var text = Text(value);
            if (text.Length == 0) continue; // to Prometheus the same as no label
            var name = PrometheusName.Label(prefix + key);
            if (name == reserved) name = "exported_" + name;
            var same = labels.FindIndex(label => label.Name == name);
            // Two tags with one name, such as a.b and a_b: the specification joins their values.
            if (same >= 0) labels[same] = new Label(name, labels[same].Value + ";" + text);
            else labels.Add(new Label(name, text));
        }
        return labels;
    }

    /// <summary>Equal for equal labels in any order, and only for these.</summary>
    public static string Identity(IEnumerable<Label> labels) =>
        string.Concat(labels.OrderBy(static label => label.Name, StringComparer.Ordinal).Select(static label => $"{label.Name}={label.Value.Length}:{label.Value},"));

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
