namespace Gateway.Configuration;

/// <summary>One fault of the configuration, as the line that the operator reads: which key, what is wrong, what is allowed, where it stands.</summary>
internal sealed record ConfigurationError(string Key, string Problem, string Where)
{
    public override string ToString() =>
        Key.Length == 0 ? $"{Printable.Text(Where)}: {Problem}" : $"{Printable.Text(Key)}: {Problem} ({Printable.Text(Where)})";
}
