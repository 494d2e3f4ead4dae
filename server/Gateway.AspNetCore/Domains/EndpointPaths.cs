using System.Runtime.CompilerServices;

namespace Gateway.AspNetCore.Domains;

/// <summary>The paths of the gateway's endpoints. Routing would tell of two at one path with the first request only.</summary>
internal static class EndpointPaths
{
    private static readonly ConditionalWeakTable<IEndpointRouteBuilder, HashSet<string>> Claimed = [];

    /// <summary>A domain's path below the one of the default domain.</summary>
    public static string Below(string path, GatewayDomain domain) => domain.Name.Length == 0 ? path : $"{path}/{domain.Name}";

    /// <exception cref="InvalidOperationException">The gateway has an endpoint at that path already.</exception>
    public static void Claim(IEndpointRouteBuilder endpoints, string path)
    {
        var paths = Claimed.GetValue(endpoints, static _ => new HashSet<string>(StringComparer.OrdinalIgnoreCase)); // as routes compare
        if (!paths.Add(path.TrimEnd('/')))
            throw new InvalidOperationException($"{path} is an endpoint of the gateway already. Choose another path.");
    }
}
