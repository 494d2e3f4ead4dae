using System.Text.RegularExpressions;
using Gateway.Testing;
using Xunit;

namespace Gateway.Tests.Documents;

/// <summary>Every relative link in a Markdown file of the repository leads to a file that exists, and to a heading that it has.</summary>
public sealed class LinkTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-links").FullName;

    public static TheoryData<string> Pages =>
        [.. MarkdownLinks.Files(Repository.Root).Select(file => Path.GetRelativePath(Repository.Root, file)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryLinkLeadsSomewhere(string page) =>
        Assert.Empty(MarkdownLinks.Broken(Repository.Root, Path.Combine(Repository.Root, page)));

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryNamedPathExists(string page)
    {
        if (page == "CHANGELOG.md") return; // older entries name what was there then
        Assert.Empty(MarkdownLinks.MissingPaths(Repository.Root, File.ReadAllText(Path.Combine(Repository.Root, page))));
    }

    [Fact]
    public void MissingPathIsFound() =>
        Assert.Equal(
            ["tests/Gone.cs", "server/Gone*.cs"],
            MarkdownLinks.MissingPaths(Repository.Root, "`tests/Gone.cs`, `tests/wire/`, `docs/*.md`, `server/Gone*.cs`, `/ws`"));

    [Fact]
    public void EveryPageOfTheDocumentsIsInTheIndex()
    {
        var index = File.ReadAllText(Path.Combine(Repository.Root, "docs", "README.md"));
        var pages = Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md")
            .Select(Path.GetFileName)
            .Where(name => name != "README.md");

        Assert.All(pages, page => Assert.Contains($"({page}", index, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("[a](missing.md)", "missing.md: no such file")]
    [InlineData("[a](other.md#nowhere)", "other.md#nowhere: no such heading")]
    [InlineData("[a](#nowhere)", "#nowhere: no such heading")]
    [InlineData("![a](missing.png)", "missing.png: no such file")]
    [InlineData("[a]: missing.md", "missing.md: no such file")]
    [InlineData("""<a href="missing.md">""", "missing.md: no such file")]
    [InlineData("[a](../../outside.md)", "../../outside.md: outside of the repository")]
    public void BrokenLinkIsFound(string text, string fault) => Assert.Equal([fault], Broken(text));

    [Theory]
    [InlineData("[a](other.md), [b](other.md#two-words), [c](#the-page-itself), [d](folder/), [e](/other.md)")]
    [InlineData("[a](other.md#code--more), [b](other.md#two-words-1), [c](other.md#marked)")]
    [InlineData("[a](https://example.com/missing.md), [b](mailto:a@example.com)")]
    [InlineData("`[a](missing.md)`")]
    [InlineData("```md\n[a](missing.md)\n```")]
    public void GoodLinksAndCodeAreLeftAlone(string text) => Assert.Empty(Broken(text));

    private IEnumerable<string> Broken(string text)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "folder"));
        File.WriteAllText(
            Path.Combine(_folder, "other.md"),
            "# Other\n## Two words\n## `code` & more\n## Two words\n<a id=\"marked\"></a>\n```sh\n# Nowhere\n```\n");
        File.WriteAllText(Path.Combine(_folder, "page.md"), $"# The page, itself\n\n{text}\n");
        return MarkdownLinks.Broken(_folder, Path.Combine(_folder, "page.md"));
    }
}

/// <summary>
/// Reads links and headings as GitHub renders them: in code there are no links, and a heading's anchor is its text in lower case with
/// hyphens.
/// </summary>
internal static partial class MarkdownLinks
{
    private static readonly HashSet<string> Skipped = [".git", ".vs", "bin", "obj", "node_modules", "dist"];

    public static IEnumerable<string> Files(string folder) => Directory.GetFiles(folder, "*.md")
        .Concat(Directory.GetDirectories(folder).Where(inner => !Skipped.Contains(Path.GetFileName(inner))).SelectMany(Files));

    public static IEnumerable<string> Broken(string root, string page) =>
        from link in Link().Matches(WithoutCode(File.ReadAllText(page))).Select(Target)
        where !Scheme().IsMatch(link)
        let fault = Fault(root, page, link)
        where fault != null
        select $"{link}: {fault}";

    /// <summary>Paths in code spans that begin with a folder of the repository's root; <c>*</c> stands for any part of a name.</summary>
    public static IEnumerable<string> MissingPaths(string root, string text) =>
        PathInCode().Matches(text).Select(match => match.Groups[1].Value)
        .Where(path => Directory.Exists(Path.Combine(root, path.Split('/')[0])) && !Exists(Path.Combine(root, path.TrimEnd('/'))));

    private static bool Exists(string path) =>
        Directory.Exists(Path.GetDirectoryName(path))
            && Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!, Path.GetFileName(path)).Any();

    private static string Target(Match link) => link.Groups.Values.Skip(1).First(group => group.Success).Value;

    private static string? Fault(string root, string page, string link)
    {
        var (path, anchor) = link.Split('#', 2) is [var before, var after] ? (before, after) : (link, null);
        var file = path.Length == 0
            ? page
            : Path.GetFullPath(path[0] == '/' ? root + path : Path.Combine(Path.GetDirectoryName(page)!, Uri.UnescapeDataString(path)));
        if (Path.GetRelativePath(root, file).StartsWith("..", StringComparison.Ordinal)) return "outside of the repository";
        if (!File.Exists(file) && !Directory.Exists(file)) return "no such file";
        return anchor != null && file.EndsWith(".md", StringComparison.Ordinal) && !Anchors(File.ReadAllText(file)).Contains(anchor)
            ? "no such heading"
            : null;
    }

    private static HashSet<string> Anchors(string text)
    {
        var anchors = new HashSet<string>(StringComparer.Ordinal);
        foreach (var heading in Heading().Matches(Fence().Replace(text, "")).Select(match => match.Groups[1].Value))
        {
            var anchor = NotInAnchor().Replace(LinkText().Replace(heading, "$1").Trim().ToLowerInvariant(), "").Replace(' ', '-');
            for (var (unique, count) = (anchor, 1); !anchors.Add(unique); count++) unique = $"{anchor}-{count}";
        }
        anchors.UnionWith(Marked().Matches(text).Select(match => match.Groups[1].Value));
        return anchors;
    }

    private static string WithoutCode(string text) => Span().Replace(Fence().Replace(text, ""), "");

    [GeneratedRegex(@"\]\(<?([^)\s>]+)>?(?:\s+""[^""]*"")?\)|^\[[^\]]+\]:\s*(\S+)|\b(?:href|src)=""([^""]+)""", RegexOptions.Multiline)]
    private static partial Regex Link();

    [GeneratedRegex(@"`([\w.]+/[\w./*-]*)`")]
    private static partial Regex PathInCode();

    [GeneratedRegex(@"^[a-z][a-z0-9+.-]*:|^//", RegexOptions.IgnoreCase)]
    private static partial Regex Scheme();

    [GeneratedRegex(@"^ *(```|~~~).*?^ *\1 *$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"(`+)(?!`).+?(?<!`)\1(?!`)")]
    private static partial Regex Span();

    [GeneratedRegex(@"^#{1,6} +(.+?)(?: +#+)? *$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"!?\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkText();

    [GeneratedRegex(@"[^\p{L}\p{M}\p{N}\p{Pc} -]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"<a (?:id|name)=""([^""]+)""")]
    private static partial Regex Marked();
}
