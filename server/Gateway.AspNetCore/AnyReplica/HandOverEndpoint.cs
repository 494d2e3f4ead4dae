using Gateway.AspNetCore.Security;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// Below the hub's path: where replicas ask one another for a connection. <see cref="AnyReplicaMiddleware"/> answers them; to anyone else
/// it looks like a domain that there is not.
/// </summary>
internal static class HandOverEndpoint
{
    public const string Path = "/handover";

    public static IEndpointConventionBuilder MapHandOver(this IEndpointRouteBuilder endpoints, string hubPath) =>
        endpoints.Map(hubPath + Path, static context => Refusal.WriteAsync(context, StatusCodes.Status404NotFound, "unknown hub"));
}
