namespace Gateway.Core.Configuration;

/// <summary>The origin of a setting, for messages, and the spelling of keys there.</summary>
internal sealed record Origin(string Where, bool IsFile, Func<string, string> Spell)
{
    /// <summary>The prefix of the gateway's environment variables.</summary>
    public const string EnvironmentPrefix = "GATEWAY_";

    /// <summary>A default in code.</summary>
    public static Origin Default { get; } = new("default", false, key => key);

    public static Origin CommandLine { get; } = new("command line", false, key => "--" + key.Replace('.', ':'));

    public static Origin Environment(string variable) => new(
        "environment " + variable,
        false,
        key => EnvironmentPrefix + key.Replace(".", "__", StringComparison.Ordinal).ToUpperInvariant());

    /// <summary>The configuration of the application that the gateway is a part of.</summary>
    public static Origin Application(string path) => new(path, true, key => key) { IsApplication = true };

    /// <summary>Keys may be written in PascalCase there.</summary>
    public bool IsApplication { get; private init; }

    /// <param name="name">The name of the file.</param>
    /// <param name="line">The line, from 1; 0 for the whole file.</param>
    public static Origin File(string name, long line) => new(line == 0 ? name : $"{name}:{line}", true, key => key);
}
