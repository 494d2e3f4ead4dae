using System.Collections;
using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json;

namespace Gateway.Core.Configuration;

/// <summary>Fixed keys, bound to the properties of a <typeparamref name="T"/>: a key is its property's name in snake_case.</summary>
internal sealed class Section<T> : Shape<T>, IEnumerable
    where T : class
{
    private readonly OrderedDictionary<string, Entry> _entries = [];

    public void Add<TValue>(Expression<Func<T, TValue>> property, Shape<TValue> shape, string? name = null)
    {
        var target = PropertyOf(property);
        _entries.Add(name ?? NameOf(target), new Entry(
            (section, setting, key, binding) =>
                target.SetValue(section, shape.Bind((TValue)target.GetValue(section)!, setting, key, binding)),
            (section, key, keys) => shape.Describe((TValue)target.GetValue(section)!, key, keys),
            (section, key, binding) => shape.Check((TValue)target.GetValue(section)!, key, binding)));
    }

    /// <summary>A key that need not be set at all.</summary>
    public void Add<TValue>(Expression<Func<T, TValue?>> property, Shape<TValue> shape)
        where TValue : struct
    {
        var target = PropertyOf(property);
        _entries.Add(NameOf(target), new Entry(
            (section, setting, key, binding) =>
                target.SetValue(section, shape.Bind(((TValue?)target.GetValue(section)).GetValueOrDefault(), setting, key, binding)),
            (section, key, keys) => DescribeOptional((TValue?)target.GetValue(section), shape, key, keys),
            (section, key, binding) =>
            {
                if ((TValue?)target.GetValue(section) is { } value) shape.Check(value, key, binding);
            }));
    }

    /// <summary>The keys of a class that <typeparamref name="T"/> is derived from. A key that is there already stays as it is.</summary>
    public void Add<TBase>(Section<TBase> keys)
        where TBase : class
    {
        foreach (var (name, entry) in keys._entries)
            _entries.TryAdd(name, new Entry(
                (section, setting, key, binding) => entry.Bind((TBase)(object)section, setting, key, binding),
                (section, key, descriptions) => entry.Describe((TBase)(object)section, key, descriptions),
                (section, key, binding) => entry.Check((TBase)(object)section, key, binding)));
    }

    public override T Bind(T current, Setting setting, string key, Binding binding)
    {
        if (setting is MapSetting map)
        {
            binding.SetOrigin(key, setting.Origin);
            foreach (var (name, value) in map.Entries)
            {
                if (Find(name, value.Origin) is { } found)
                    found.Value.Bind(current, value, Keys.Join(key, found.Key), binding);
                else
                    binding.Unknown(Keys.Join(key, name), value, _entries.Keys.Select(sibling => Keys.Join(key, sibling)));
            }
        }
        // A file's "server:" with nothing below it, as when every key of it is commented out, is an empty section.
        else if (setting is not TextSetting { Text: "", Origin.IsFile: true })
            binding.Report(key, $"needs keys below it; known: {string.Join(", ", _entries.Keys)}", setting.Origin);
        return current;
    }

    public override void Check(T current, string key, Binding binding)
    {
        if (current is null)
        {
            binding.Report(key, "must not be null", Origin.Default);
            return;
        }
        foreach (var (name, entry) in _entries)
            entry.Check(current, Keys.Join(key, name), binding);
    }

    public override void Describe(T current, string key, ICollection<KeyDescription> keys)
    {
        foreach (var (name, entry) in _entries)
            entry.Describe(current, Keys.Join(key, name), keys);
    }

    IEnumerator IEnumerable.GetEnumerator() => _entries.Keys.GetEnumerator();

    /// <returns>The key as the schema spells it, and its entry.</returns>
    private KeyValuePair<string, Entry>? Find(string name, Origin origin)
    {
        if (_entries.TryGetValue(name, out var entry)) return new(name, entry);
        if (!origin.IsApplication) return null;
        var plain = Plain(name);
        foreach (var known in _entries)
            if (Plain(known.Key).Equals(plain, StringComparison.OrdinalIgnoreCase))
                return known;
        return null;
    }

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal);

    private static void DescribeOptional<TValue>(TValue? value, Shape<TValue> shape, string key, ICollection<KeyDescription> keys)
        where TValue : struct
    {
        var described = new List<KeyDescription>();
        shape.Describe(value.GetValueOrDefault(), key, described);
        foreach (var description in described)
            keys.Add(value is null ? description with { Value = null } : description);
    }

    private static PropertyInfo PropertyOf<TValue>(Expression<Func<T, TValue>> property) =>
        (PropertyInfo)((MemberExpression)property.Body).Member;

    private static string NameOf(PropertyInfo property) => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);

    private sealed record Entry(
        Action<T, Setting, string, Binding> Bind,
        Action<T, string, ICollection<KeyDescription>> Describe,
        Action<T, string, Binding> Check);
}
