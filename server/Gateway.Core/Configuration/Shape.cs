namespace Gateway.Core.Configuration;

/// <summary>What may stand at a key, and how it becomes a <typeparamref name="T"/>: one value, a section, a list or a map.</summary>
internal abstract class Shape<T>
{
    /// <summary>Lays a setting over what is there; faults go to <paramref name="binding"/>, and what is there stays.</summary>
    public abstract T Bind(T current, Setting setting, string key, Binding binding);

    /// <summary>Reports what code has set here that configuration could not have set.</summary>
    public abstract void Check(T current, string key, Binding binding);

    /// <summary>Adds every key at and below this place, with what it is without any configuration.</summary>
    public abstract void Describe(T current, string key, ICollection<KeyDescription> keys);
}

/// <param name="Value">As it would be written; null where it is not set.</param>
/// <param name="Allowed">In words.</param>
internal sealed record KeyDescription(string Key, string? Value, string Allowed);
