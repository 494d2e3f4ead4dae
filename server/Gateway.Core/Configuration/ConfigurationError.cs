namespace Gateway.Core.Configuration;

/// <summary>One fault, as a line for the operator: the key (or none), what is wrong, what is allowed, where it stands.</summary>
internal sealed record ConfigurationError(string Key, string Problem, string Where)
{
    /// <summary>
    /// Without what follows a '=', which no key has: in <c>redis: { connection: host,password=… }</c>, where the quotes were
    /// forgotten, YAML makes the password a key of its own, and then it must not be printed as an unknown one.
    /// </summary>
    public string Key { get; } = Key.IndexOf('=', StringComparison.Ordinal) is >= 0 and var at ? Key[..at] + "=…" : Key;

    public override string ToString() =>
        Key.Length == 0 ? $"{Printable.Text(Where)}: {Problem}" : $"{Printable.Text(Key)}: {Problem} ({Printable.Text(Where)})";
}
