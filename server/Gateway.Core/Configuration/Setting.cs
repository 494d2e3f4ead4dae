namespace Gateway.Core.Configuration;

/// <summary>The content of a source before it is bound: text, lists and maps, each with its origin.</summary>
internal abstract record Setting(Origin Origin);

internal sealed record TextSetting(string Text, Origin Origin) : Setting(Origin);

internal sealed record ListSetting(IReadOnlyList<Setting> Items, Origin Origin) : Setting(Origin);

internal sealed record MapSetting(OrderedDictionary<string, Setting> Entries, Origin Origin) : Setting(Origin)
{
    public MapSetting(Origin origin) : this([], origin)
    {
    }
}

/// <summary>The settings of a source, and the errors in its text.</summary>
internal sealed record SourceText(MapSetting Settings, IReadOnlyList<ConfigurationError> Errors);
