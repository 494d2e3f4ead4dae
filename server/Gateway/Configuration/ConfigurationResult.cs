using Gateway.Core.Configuration;

namespace Gateway.Configuration;

/// <summary>The result of <see cref="ConfigurationLoader"/>.</summary>
internal abstract record ConfigurationResult
{
    private ConfigurationResult()
    {
    }

    /// <summary>The configuration is valid.</summary>
    public sealed record Loaded(ProgramOptions Options) : ConfigurationResult;

    /// <summary>The configuration has at least one error. The program prints all of them and exits with a failure.</summary>
    public sealed record Invalid(IReadOnlyList<ConfigurationError> Errors) : ConfigurationResult;

    /// <summary>
    /// The command line asks for a text, with <c>--help</c> or <c>--version</c>. The program prints it and exits with success.
    /// </summary>
    public sealed record Text(string Content) : ConfigurationResult;
}
