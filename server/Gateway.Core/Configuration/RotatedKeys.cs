namespace Gateway.Core.Configuration;

/// <summary>
/// No secret, one, or two while it is rotated: the first is used, all of them are accepted. A text is one secret, commas and all; two are a
/// YAML list, or written by index from 0 on (<c>server.token_key.0</c>). An empty text is none.
/// </summary>
internal sealed class RotatedKeys(Value<string> item) : Shape<IList<string>>
{
    private const int Most = 2;

    private readonly ListOf<string> _list = new(item, () => "");

    public override IList<string> Bind(IList<string> current, Setting setting, string key, Binding binding)
    {
        if (setting is TextSetting { Text: "" })
        {
            binding.SetOrigin(key, setting.Origin);
            return [];
        }
        if (setting is TextSetting) return [item.Bind("", setting, key, binding)];
        var keys = _list.Bind(current, setting, key, binding);
        CheckCount(keys, key, setting.Origin, binding);
        return keys;
    }

    public override void Check(IList<string> current, string key, Binding binding)
    {
        _list.Check(current, key, binding);
        if (current != null) CheckCount(current, key, Origin.Default, binding);
    }

    public override void Describe(IList<string> current, string key, ICollection<KeyDescription> keys) =>
        keys.Add(new KeyDescription(
            key, string.Join(',', current), $"nothing, {item.Allowed}, or a list of two: the first is used, both are accepted"));

    private static void CheckCount(IList<string> keys, string key, Origin origin, Binding binding)
    {
        if (keys.Count > Most)
            binding.Report(
                key, $"{keys.Count} keys are not allowed; allowed: at most {Most}, the one in use and the one before or after it", origin);
    }
}
