using System.Text.RegularExpressions;
using Gateway.Testing;
using Xunit;

namespace Gateway.Tests.Documents;

/// <summary>
/// Holds the tables of threats, faults and metrics to the sources: each row names a test, each test that a page names exists, and each
/// metric is listed.
/// </summary>
public sealed partial class DocumentTests
{
    private static readonly string Docs = Path.Combine(Repository.Root, "docs");
    private static readonly Dictionary<string, TestClass> Classes = ReadClasses();

    public static TheoryData<string> Pages => [.. Directory.GetFiles(Docs, "*.md").Select(Path.GetFileName).OfType<string>().Order()];

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryNamedTestExists(string page)
    {
        Assert.True(Classes.Count > 100, "the test sources were not found");
        Assert.All(
            Tests(File.ReadAllText(Path.Combine(Docs, page))),
            test => Assert.True(Exists(test), $"{page} names {test}, which does not exist"));
    }

    [Theory]
    [InlineData("security.md", 60)]
    [InlineData("guarantees.md", 25)]
    [InlineData("compatibility.md", 28)]
    public void EveryRowOfATableWithTestsNamesOne(string page, int atLeast)
    {
        var rows = RowsWithTests(File.ReadAllLines(Path.Combine(Docs, page))).ToList();

        Assert.True(rows.Count >= atLeast, $"{page} has {rows.Count} rows");
        Assert.All(rows, row => Assert.True(Tests(row).Any(), $"names no test: {row}"));
    }

    [Fact]
    public void OperatorsFindEveryMetricOfTheGatewayAndNoOther()
    {
        var listed = MetricRow().Matches(File.ReadAllText(Path.Combine(Docs, "operations.md"))).Select(row => row.Groups[1].Value);
        var sources = Directory.GetFiles(Path.Combine(Repository.Root, "server"), "*.cs", SearchOption.AllDirectories);

        Assert.Equal(
            sources.SelectMany(file => Metric().Matches(File.ReadAllText(file))).Select(name => name.Groups[1].Value).Distinct().Order(),
            listed.Order());
    }

    /// <summary>The rows of every table whose last column is headed <c>test</c>.</summary>
    private static IEnumerable<string> RowsWithTests(string[] lines)
    {
        var inTable = false;
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith('|')) inTable = false;
            // the line below rules it off
            else if (lines[i].Trim('|', ' ').EndsWith("| test", StringComparison.Ordinal)) (inTable, i) = (true, i + 1);
            else if (inTable) yield return lines[i];
        }
    }

    /// <summary><c>Class.Method</c>, a class, or the path of a file of tests in JavaScript.</summary>
    private static IEnumerable<string> Tests(string text) => TestName().Matches(text).Select(match => match.Groups[1].Value);

    private static bool Exists(string test)
    {
        if (test.Contains('/')) return File.Exists(Path.Combine(Repository.Root, test));
        return test.Split('.') switch
        {
            [var name] => Classes.ContainsKey(name),
            [var name, var method] => Has(name, method),
            _ => false,
        };
    }

    /// <summary>A spec has its methods for all classes that derive from it.</summary>
    private static bool Has(string name, string method)
    {
        for (var at = name; at != null && Classes.TryGetValue(at, out var found); at = found.Base)
            if (found.Methods.Contains(method))
                return true;
        return false;
    }

    private static Dictionary<string, TestClass> ReadClasses()
    {
        var classes = new Dictionary<string, TestClass>(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(Path.Combine(Repository.Root, "tests"), "*.cs", SearchOption.AllDirectories))
        {
            TestClass? current = null;
            foreach (var line in File.ReadLines(file))
            {
                if (ClassLine().Match(line) is { Success: true } found)
                {
                    var name = found.Groups[1].Value;
                    if (!classes.TryGetValue(name, out current)) classes[name] = current = new TestClass();
                    if (found.Groups[2].Success) current.Base = found.Groups[2].Value;
                }
                else if (current != null && MethodLine().Match(line) is { Success: true } method)
                {
                    current.Methods.Add(method.Groups[1].Value);
                }
            }
        }
        return classes;
    }

    [GeneratedRegex(@"`(\w+(?:Tests|Spec)(?:\.\w+)?|[\w/.-]+/[\w.-]+\.test\.[jt]s)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"^\| `((?:gateway|websocket)_\w+)", RegexOptions.Multiline)]
    private static partial Regex MetricRow();

    [GeneratedRegex(@"""((?:gateway|websocket)_[a-z_]+)""")]
    private static partial Regex Metric();

    [GeneratedRegex(@"^public (?:\w+ )*class (\w+)(?:\(.*\))?(?: : (\w+))?")]
    private static partial Regex ClassLine();

    [GeneratedRegex(@"^    (?:public|internal) (?:async )?(?:void|Task|ValueTask) (\w+)\(")]
    private static partial Regex MethodLine();

    private sealed class TestClass
    {
        public string? Base { get; set; }
        public HashSet<string> Methods { get; } = [];
    }
}
