namespace Gateway.Core.Configuration;

/// <summary>Where a setting came from, in the words of a message, and how a key is spelled there.</summary>
internal sealed record Origin(string Where, bool IsFile, Func<string, string> Spell)
{
    /// <summary>What the name of an environment variable of the gateway begins with.</summary>
    public const string EnvironmentPrefix = "GATEWAY_";

    /// <summary>What the code holds: nobody set it.</summary>
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

    /// <param name="line">From 1; 0 for the file as a whole.</param>
    public static Origin File(string name, long line) => new(line == 0 ? name : $"{name}:{line}", true, key => key);
}
