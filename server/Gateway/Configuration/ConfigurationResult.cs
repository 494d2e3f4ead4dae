using Gateway.Core.Configuration;

namespace Gateway.Configuration;

/// <summary>What <see cref="ConfigurationLoader"/> comes back with: one of the three below.</summary>
internal abstract record ConfigurationResult
{
    private ConfigurationResult()
    {
    }

    /// <param name="Options">Complete and checked.</param>
    /// <param name="File">The YAML file that was read, as it was named; null where there was none.</param>
    public sealed record Loaded(ProgramOptions Options, string? File) : ConfigurationResult;

    /// <param name="Errors">Every fault there is, at least one: the process should print a line for each and exit with a failure.</param>
    public sealed record Refused(IReadOnlyList<ConfigurationError> Errors) : ConfigurationResult;

    /// <summary><c>--help</c> or <c>--version</c>: the process should print the text and exit with success.</summary>
    public sealed record Printed(string Text) : ConfigurationResult;
}
