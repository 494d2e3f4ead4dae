using System.Text.RegularExpressions;
using Gateway.Core.Configuration;

namespace Gateway.Configuration.Sources;

/// <summary>
/// Reads variables such as <c>GATEWAY_SERVER__PORT=8081</c>: the prefix, then the key with <c>__</c> between its levels, in any case. Names
/// that the configuration defines, such as custom messages, become lower case. Lists are comma-separated, or by index:
/// <c>GATEWAY_ROOMS__AUTO_JOIN__0</c>.
/// </summary>
internal static partial class EnvironmentSource
{
    private const string Prefix = Origin.EnvironmentPrefix;

    /// <param name="environment">The environment variables.</param>
    /// <param name="sections">The names of the top-level sections.</param>
    public static SourceText Read(IReadOnlyDictionary<string, string> environment, IReadOnlyCollection<string> sections)
    {
        var settings = new FlatSettings(Origin.Environment(""));
        foreach (var (variable, value) in environment.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            if (!variable.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) continue;
            if (IsServiceLink(variable, value) || !IsSetting(variable, sections)) continue;
            var path = variable[Prefix.Length..].ToLowerInvariant().Split("__");
            settings.Set(path, value, Origin.Environment(variable));
        }
        return settings.Result;
    }

    /// <summary>
    /// Every key has two levels, so a variable without <c>__</c> is not a setting (GATEWAY_HOME), unless it starts with the name of a
    /// section: GATEWAY_SERVER_PORT is a mistake that must be reported.
    /// </summary>
    private static bool IsSetting(string variable, IReadOnlyCollection<string> sections)
    {
        var name = variable[Prefix.Length..];
        return name.Contains("__", StringComparison.Ordinal)
            || sections.Any(section => name.StartsWith(section, StringComparison.OrdinalIgnoreCase)
                && (name.Length == section.Length || name[section.Length] == '_'));
    }

    /// <summary>
    /// Kubernetes adds the addresses of services to every container (GATEWAY_SERVICE_HOST, GATEWAY_PORT_80_TCP, …). For a service called
    /// "gateway" or "gateway-something" they have the prefix of settings, but are not settings and must not stop the start.
    /// </summary>
    private static bool IsServiceLink(string variable, string value) =>
        !variable.Contains("__", StringComparison.Ordinal)
        && (ServiceLinkName().IsMatch(variable)
            || (variable.EndsWith("_PORT", StringComparison.Ordinal) && ServiceLinkAddress().IsMatch(value)));

    [GeneratedRegex(@"_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$", RegexOptions.CultureInvariant)]
    private static partial Regex ServiceLinkName();

    [GeneratedRegex("^(tcp|udp|sctp)://", RegexOptions.CultureInvariant)]
    private static partial Regex ServiceLinkAddress();
}
