using Gateway.Core.Configuration;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Gateway.Configuration.Sources;

/// <summary>
/// Reads YAML into settings with line numbers. It uses the parser's events, not YamlDotNet's document model, which stops at the first
/// duplicate key and recurses as deep as the text is nested. Anchors, aliases and <c>&lt;&lt;</c> are supported.
/// </summary>
internal sealed class YamlSource
{
    private const int MaxDepth = 16;

    private readonly string _name;
    private readonly Parser _parser;
    private readonly Dictionary<string, Setting> _anchors = [];
    private readonly List<ConfigurationError> _errors = [];

    private YamlSource(string text, string name)
    {
        _name = name;
        _parser = new Parser(new StringReader(text));
    }

    public static SourceText ReadFile(string file, string directory)
    {
        var (text, problem) = TextFile.Read(file, directory);
        return text is null
            ? new SourceText(new MapSetting(Origin.File(file, 0)), [new ConfigurationError("", $"cannot be read: {problem}", file)])
            : Read(text, file);
    }

    /// <param name="text">The YAML text.</param>
    /// <param name="name">The name of the file in error messages.</param>
    public static SourceText Read(string text, string name)
    {
        var source = new YamlSource(text, name);
        var map = new MapSetting(Origin.File(name, 0));
        try
        {
            map = source.Document() ?? map;
        }
        catch (YamlException e)
        {
            var (line, column) = TabIn(text, e) ?? (e.Start.Line, e.Start.Column);
            source.Fail(line, column, "is not valid YAML: " + Printable.Text(e.Message));
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or OverflowException)
        {
            // The parser's own checks are incomplete: for example, an open bracket throws an InvalidOperationException.
            var near = source._parser.Current?.Start ?? Mark.Empty;
            source.Fail(near.Line, near.Column, "is not valid YAML from here on; is a bracket not closed?");
        }
        return new SourceText(map, source._errors);
    }

    private MapSetting? Document()
    {
        do
        {
            if (!_parser.MoveNext() || _parser.Current is StreamEnd)
                return null;
        }
        while (_parser.Current is StreamStart or DocumentStart);

        var root = Node("", 0);
        _parser.MoveNext();
        if (_parser.MoveNext() && _parser.Current is DocumentStart second)
            Fail(second.Start.Line, second.Start.Column, "holds more than one YAML document");
        if (root is MapSetting map)
            return map;
        if (root is not TextSetting { Text: "" })
            Report("", root.Origin, "must hold sections such as \"server:\", each with its keys below it");
        return null;
    }

    /// <summary>Reads the node that starts at the current event, up to its last event.</summary>
    private Setting Node(string path, int depth)
    {
        var start = _parser.Current!;
        if (depth > MaxDepth)
            throw new SemanticErrorException(start.Start, start.End, $"nested deeper than {MaxDepth} levels");
        if (start is AnchorAlias alias)
            return _anchors.TryGetValue(alias.Value.Value, out var known)
                ? known
                : throw new SemanticErrorException(start.Start, start.End, "the alias names an unknown anchor");

        Setting node = start switch
        {
            MappingStart => Map(path, depth),
            SequenceStart => List(path, depth),
            Scalar scalar => new TextSetting(IsNull(scalar) ? "" : scalar.Value, At(start)),
            _ => throw new SemanticErrorException(start.Start, start.End, "a value is missing"),
        };
        if (start is NodeEvent { Anchor.IsEmpty: false } anchored)
            _anchors[anchored.Anchor.Value] = node;
        return node;
    }

    private ListSetting List(string path, int depth)
    {
        var origin = At(_parser.Current!);
        var items = new List<Setting>();
        while (_parser.MoveNext() && _parser.Current is not SequenceEnd)
            items.Add(Node(Keys.Join(path, items.Count), depth + 1));
        return new ListSetting(items, origin);
    }

    private MapSetting Map(string path, int depth)
    {
        var map = new MapSetting(At(_parser.Current!));
        var merged = new List<Setting>();
        while (_parser.MoveNext() && _parser.Current is not MappingEnd)
        {
            var key = _parser.Current!;
            var name = Node(path, depth + 1) is TextSetting text ? text.Text : null;
            var full = Keys.Join(path, name ?? "");
            _parser.MoveNext();
            // A value has the line of its key, because that is where people look, and an alias appears in several places.
            var value = Node(full, depth + 1) with { Origin = At(key) };
            if (name is null)
                Report(path, At(key), "a key must be plain text");
            else if (name == "<<")
                merged.Add(value);
            else if (!map.Entries.TryAdd(name, value))
                Report(full, At(key), $"set twice, first at {Printable.Text(map.Entries[name].Origin.Where)}");
        }
        foreach (var source in merged)
            Merge(source, map, path);
        return map;
    }

    /// <summary>Adds the keys that <c>&lt;&lt;</c> names and the map does not set itself.</summary>
    private void Merge(Setting source, MapSetting map, string path)
    {
        foreach (var part in source is ListSetting list ? list.Items : [source])
        {
            if (part is MapSetting below)
                foreach (var (name, value) in below.Entries)
                    map.Entries.TryAdd(name, value);
            else
                Report(path, source.Origin, "<< must name an anchor with keys below it");
        }
    }

    private static bool IsNull(Scalar scalar) => scalar.Style == ScalarStyle.Plain && scalar.Value is "~" or "null" or "Null" or "NULL";

    private Origin At(ParsingEvent parsed) => Origin.File(_name, parsed.Start.Line);

    private void Report(string key, Origin where, string problem) => _errors.Add(new ConfigurationError(key, problem, where.Where));

    private void Fail(long line, long column, string problem) =>
        _errors.Add(new ConfigurationError("", problem, $"{_name}:{line}:{column}"));

    /// <summary>For a tab in the indentation the parser reports the line where its search began, not the line with the tab.</summary>
    private static (long Line, long Column)? TabIn(string text, YamlException e)
    {
        if (!e.Message.Contains("tab as indentation", StringComparison.Ordinal))
            return null;
        var lines = text.Split('\n');
        for (var line = (int)Math.Max(1, e.Start.Line); line <= lines.Length; line++)
        {
            var tab = lines[line - 1].IndexOf('\t', StringComparison.Ordinal);
            if (tab >= 0 && lines[line - 1].AsSpan(0, tab).Trim(' ').IsEmpty)
                return (line, tab + 1);
        }
        return null;
    }
}
