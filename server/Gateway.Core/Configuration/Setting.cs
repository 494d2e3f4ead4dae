namespace Gateway.Core.Configuration;

/// <summary>A source's content before anyone knows what it means: text, lists and maps, each with the place it came from.</summary>
internal abstract record Setting(Origin Origin);

internal sealed record TextSetting(string Text, Origin Origin) : Setting(Origin);

internal sealed record ListSetting(IReadOnlyList<Setting> Items, Origin Origin) : Setting(Origin);

internal sealed record MapSetting(OrderedDictionary<string, Setting> Entries, Origin Origin) : Setting(Origin)
{
    public MapSetting(Origin origin) : this([], origin)
    {
    }
}

/// <summary>All that one source says, and what could not be read of it.</summary>
internal sealed record SourceText(MapSetting Settings, IReadOnlyList<ConfigurationError> Errors);
