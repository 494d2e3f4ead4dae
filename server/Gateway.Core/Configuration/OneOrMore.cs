namespace Gateway.Core.Configuration;

/// <summary>
/// One value, or a list of at least one. A text is always one value, even with commas. Several values are a YAML list, or indexed from 0
/// (<c>redis.connection.0</c>).
/// </summary>
internal sealed class OneOrMore<T>(Value<T> item, Func<T> empty) : Shape<IList<T>>
{
    private readonly ListOf<T> _list = new(item, empty);

    public override IList<T> Bind(IList<T> current, Setting setting, string key, Binding binding)
    {
        if (setting is TextSetting) return [item.Bind(empty(), setting, key, binding)];
        var items = _list.Bind(current, setting, key, binding);
        if (items.Count == 0) binding.Report(key, "must not be empty", setting.Origin);
        return items;
    }

    public override void Check(IList<T> current, string key, Binding binding)
    {
        _list.Check(current, key, binding);
        if (current?.Count == 0) binding.Report(key, "must not be empty", Origin.Default);
    }

    public override void Describe(IList<T> current, string key, ICollection<KeyDescription> keys)
    {
        var values = new List<KeyDescription>();
        foreach (var value in current) item.Describe(value, key, values);
        keys.Add(new KeyDescription(key, string.Join(',', values.Select(v => v.Value)), values[0].Allowed + ", or a list of such"));
    }
}
