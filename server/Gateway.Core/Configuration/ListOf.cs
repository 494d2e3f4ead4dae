namespace Gateway.Core.Configuration;

/// <summary>
/// A list of items. It replaces the list of a lower source as a whole. It may be a YAML list, one text with commas (<c>lobby,news</c>;
/// empty for none), or indexed from 0 (<c>rooms.auto_join.0</c>).
/// </summary>
internal sealed class ListOf<T>(Shape<T> item, Func<T> empty) : Shape<IList<T>>
{
    public override IList<T> Bind(IList<T> current, Setting setting, string key, Binding binding)
    {
        if (Items(setting) is not { } items)
        {
            var problem = setting is MapSetting
                ? "must be a list, not keys; indexes count from 0 without a gap"
                : "must be a list";
            binding.Report(key, problem, setting.Origin);
            return current;
        }
        binding.SetOrigin(key, setting.Origin);
        return items.Select((each, index) => item.Bind(empty(), each, Keys.Join(key, index), binding)).ToList();
    }

    public override void Check(IList<T> current, string key, Binding binding)
    {
        if (current is null) binding.Report(key, "must not be null", Origin.Default);
        for (var i = 0; i < current?.Count; i++) item.Check(current[i], Keys.Join(key, i), binding);
    }

    public override void Describe(IList<T> current, string key, ICollection<KeyDescription> keys)
    {
        var one = new List<KeyDescription>();
        item.Describe(empty(), Keys.Join(key, "<n>"), one);
        if (item is not Value<T>)
        {
            foreach (var description in one)
                keys.Add(description);
            return;
        }
        var values = new List<KeyDescription>();
        foreach (var value in current)
            item.Describe(value, key, values);
        keys.Add(new KeyDescription(key, string.Join(',', values.Select(value => value.Value)), "a list; each: " + one[0].Allowed));
    }

    private IReadOnlyList<Setting>? Items(Setting setting) => setting switch
    {
        ListSetting list => list.Items,
        TextSetting { Text: "" } => [],
        TextSetting text when item is Value<T> => Split(text),
        MapSetting map => ByIndex(map),
        _ => null,
    };

    private static List<TextSetting> Split(TextSetting text) =>
        text.Text.Split(',', StringSplitOptions.TrimEntries).Select(part => text with { Text = part }).ToList();

    private static List<Setting>? ByIndex(MapSetting map)
    {
        var items = new List<Setting>();
        while (map.Entries.TryGetValue(Keys.Join("", items.Count), out var next))
            items.Add(next);
        return items.Count == map.Entries.Count ? items : null;
    }
}
