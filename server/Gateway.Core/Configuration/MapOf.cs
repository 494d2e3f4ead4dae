namespace Gateway.Core.Configuration;

/// <summary>Sections under free names. Sources add to each other, also within one name.</summary>
internal sealed class MapOf<T>(Value<string> name, Section<T> section, Func<T> empty) : Shape<IDictionary<string, T>>
    where T : class
{
    public override IDictionary<string, T> Bind(IDictionary<string, T> current, Setting setting, string key, Binding binding)
    {
        if (setting is MapSetting map)
        {
            foreach (var (entry, value) in map.Entries)
            {
                var below = Keys.Join(key, entry);
                name.Bind(entry, new TextSetting(entry, value.Origin), below, binding);
                current[entry] = section.Bind(current.TryGetValue(entry, out var there) ? there : empty(), value, below, binding);
            }
        }
        else if (setting is not TextSetting { Text: "", Origin.IsFile: true })
            binding.Report(key, "must have names below it, each with its keys", setting.Origin);
        return current;
    }

    public override void Check(IDictionary<string, T> current, string key, Binding binding)
    {
        if (current is null)
        {
            binding.Report(key, "must not be null", Origin.Default);
            return;
        }
        foreach (var (entry, value) in current)
        {
            name.Check(entry, Keys.Join(key, entry), binding);
            section.Check(value, Keys.Join(key, entry), binding);
        }
    }

    public override void Describe(IDictionary<string, T> current, string key, ICollection<KeyDescription> keys) =>
        section.Describe(empty(), Keys.Join(key, "<name>"), keys);
}
