using System.Text.RegularExpressions;

namespace Gateway.Core.Tests;

/// <summary>
/// What a C# source says about its place: its namespace, and every namespace of others that it names, by a <c>using</c> of any form or in
/// full in the midst of its code. Comments do not count.
/// </summary>
internal sealed partial record SourceFile(string Path, IReadOnlyList<SourceName> Namespaces, IReadOnlyList<SourceName> Imports)
{
    /// <param name="path">Below the repository's root, for the failure text.</param>
    public static SourceFile Read(string path, IEnumerable<string> lines)
    {
        var namespaces = new List<SourceName>();
        var imports = new List<SourceName>();
        var number = 0;
        foreach (var line in lines)
        {
            number++;
            var code = Comment().Replace(line, "");
            if (Namespace().Match(code) is { Success: true } declared) namespaces.Add(new SourceName(declared.Groups[1].Value, number));
            else if (Using().Match(code) is { Success: true } import) imports.Add(new SourceName(import.Groups[1].Value, number));
            else imports.AddRange(FullName().Matches(code).Select(name => new SourceName(name.Value, number)));
        }
        return new SourceFile(path, namespaces, imports);
    }

    // Text in quotes may hold //, as in "http://": only what no open quote precedes is a comment.
    [GeneratedRegex("""(?<=^(?:[^"]*"[^"]*")*[^"]*)(?://.*$|/\*.*?\*/)|^\s*\*.*$""")]
    private static partial Regex Comment();

    [GeneratedRegex(@"^\s*namespace\s+([\w.]+)")]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^\s*(?:global\s+)?using\s+(?:static\s+)?(?:\w+\s*=\s*)?(?:global::)?([\w.]+)\s*(?:<.*>)?\s*;")]
    private static partial Regex Using();

    // A member of something else (options.Raw.Path) is no namespace: nothing but global:: may stand ahead.
    [GeneratedRegex(
        @"(?<![\w.""])(?:Gateway|Microsoft\.AspNetCore|Microsoft\.Extensions|StackExchange|YamlDotNet|OpenTelemetry|Raw|SignalR|Redis)"
        + @"(?:\.[A-Z]\w*)+")]
    private static partial Regex FullName();
}

/// <param name="Line">From 1.</param>
internal readonly record struct SourceName(string Name, int Line)
{
    /// <summary>Is that namespace, or something in it.</summary>
    public bool IsIn(string @namespace) => Name == @namespace || Name.StartsWith(@namespace + ".", StringComparison.Ordinal);
}
