using System.Runtime.CompilerServices;

namespace Gateway.AspNetCore.Domains;

/// <summary>The paths of the gateway's endpoints. Routing would report a duplicate only with the first request.</summary>
internal static class EndpointPaths
{
    private static readonly ConditionalWeakTable<IEndpointRouteBuilder, HashSet<string>> Claimed = [];

    /// <summary>Returns a domain's path below the path of the default domain.</summary>
    public static string Below(string path, GatewayDomain domain) => domain.Name.Length == 0 ? path : $"{path}/{domain.Name}";

    /// <exception cref="InvalidOperationException">The gateway already has an endpoint at that path.</exception>
    public static void Claim(IEndpointRouteBuilder endpoints, string path)
    {
        var paths = Claimed.GetValue(endpoints, static _ => new HashSet<string>(StringComparer.OrdinalIgnoreCase)); // as routes compare
        if (!paths.Add(path.TrimEnd('/')))
            throw new InvalidOperationException($"The gateway already has an endpoint at {path}. Choose another path.");
    }
}
