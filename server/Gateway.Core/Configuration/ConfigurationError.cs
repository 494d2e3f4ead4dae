namespace Gateway.Core.Configuration;

/// <summary>An error, as a line for the operator: the key (or none), what is wrong, what is allowed, and the origin.</summary>
internal sealed record ConfigurationError(string Key, string Problem, string Where)
{
    /// <summary>
    /// The key up to a '=', which no key contains. In <c>redis: { connection: host,password=… }</c> without quotes, YAML reads the password
    /// as a key, and the error about it must not show the password.
    /// </summary>
    public string Key { get; } = Key.IndexOf('=', StringComparison.Ordinal) is >= 0 and var at ? Key[..at] + "=…" : Key;

    public override string ToString() =>
        Key.Length == 0 ? $"{Printable.Text(Where)}: {Problem}" : $"{Printable.Text(Key)}: {Problem} ({Printable.Text(Where)})";
}
