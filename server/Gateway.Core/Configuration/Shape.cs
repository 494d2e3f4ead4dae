namespace Gateway.Core.Configuration;

/// <summary>Describes what a key may hold (a value, a section, a list or a map), and binds it to a <typeparamref name="T"/>.</summary>
internal abstract class Shape<T>
{
    /// <summary>
    /// Binds a setting over the current value. After an error, which <paramref name="binding"/> gets, the current value stays.
    /// </summary>
    public abstract T Bind(T current, Setting setting, string key, Binding binding);

    /// <summary>Reports a value that was set in code and that configuration would reject.</summary>
    public abstract void Check(T current, string key, Binding binding);

    /// <summary>Adds all keys at and below this one, with their defaults.</summary>
    public abstract void Describe(T current, string key, ICollection<KeyDescription> keys);
}

/// <summary>A key, its value and what is allowed.</summary>
/// <param name="Value">The value as text; <c>null</c> if it is not set.</param>
/// <param name="Allowed">What is allowed, in words.</param>
internal sealed record KeyDescription(string Key, string? Value, string Allowed);
