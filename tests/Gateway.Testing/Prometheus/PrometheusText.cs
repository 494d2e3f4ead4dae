using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Gateway.Testing.Prometheus;

/// <summary>
/// Reads the text exposition format 0.0.4 and refuses what Prometheus or its linter would: stricter than Prometheus itself, so that
/// whatever comes through is well-formed for everyone.
/// </summary>
public static partial class PrometheusText
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <exception cref="FormatException">With the line and what is wrong with it.</exception>
    public static PrometheusPage Parse(byte[] bytes)
    {
        var text = Strict.GetString(bytes);
        var page = new PrometheusPage();
        if (text.Length == 0) return page;
        Require(text.EndsWith('\n'), "the last line does not end with a line feed", text[^1..]);
        foreach (var line in text[..^1].Split('\n')) Read(page, line);
        FamilyRules.Check(page);
        return page;
    }

    internal static void Require(bool holds, string otherwise, string line)
    {
        if (!holds) throw new FormatException($"{otherwise}: {line}");
    }

    private static void Read(PrometheusPage page, string line)
    {
        if (HelpLine().Match(line) is { Success: true } help)
            page.Begin(help.Groups[1].Value, Unescape(help.Groups[2].Value, allowed: "\\n", line), line);
        else if (TypeLine().Match(line) is { Success: true } type) page.SetType(type.Groups[1].Value, type.Groups[2].Value, line);
        else page.Add(ReadSample(line), line);
    }

    private static PrometheusSample ReadSample(string line)
    {
        var name = NameAtStart().Match(line);
        Require(name.Success, "neither HELP nor TYPE nor a sample", line);
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var at = name.Length;
        if (line[at] == '{')
        {
            do
            {
                var label = LabelHere().Match(line, at + 1);
                Require(label.Success, $"no label at {at + 1}", line);
                Require(!label.Groups[1].Value.StartsWith("__", StringComparison.Ordinal), "reserved label name", line);
                Require(labels.TryAdd(label.Groups[1].Value, Unescape(label.Groups[2].Value, allowed: "\\n\"", line)), "label twice", line);
                at = label.Index + label.Length;
            }
            while (line[at] == ',');
            Require(line[at] == '}', "labels do not end", line);
            at++;
        }
        var value = ValueHere().Match(line, at);
        Require(value.Success, "no value, or something after it", line);
        return new PrometheusSample(name.Value, labels, Number(value.Groups[1].Value));
    }

    internal static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        "NaN" => double.NaN,
        _ => double.Parse(
            text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture),
    };

    private static string Unescape(string text, string allowed, string line)
    {
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                plain.Append(text[i]);
                continue;
            }
            Require(++i < text.Length && allowed.Contains(text[i], StringComparison.Ordinal), "unknown escape", line);
            plain.Append(text[i] == 'n' ? '\n' : text[i]);
        }
        return plain.ToString();
    }

    // Singleline: every character but the line feed, which split the lines already, may stand in a text.
    [GeneratedRegex(@"^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)\z", RegexOptions.Singleline)]
    private static partial Regex HelpLine();

    [GeneratedRegex(@"^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)\z")]
    private static partial Regex TypeLine();

    [GeneratedRegex("^[a-zA-Z_:][a-zA-Z0-9_:]*(?=[{ ])")]
    private static partial Regex NameAtStart();

    [GeneratedRegex(@"\G([a-zA-Z_][a-zA-Z0-9_]*)=""((?:[^""\\]|\\.)*)""", RegexOptions.Singleline)]
    private static partial Regex LabelHere();

    [GeneratedRegex(@"\G (NaN|[+-]Inf|-?[0-9]+(?:\.[0-9]+)?(?:E[+-][0-9]+)?)\z")]
    private static partial Regex ValueHere();
}
