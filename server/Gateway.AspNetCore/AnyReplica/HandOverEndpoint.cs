using Gateway.AspNetCore.Security;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// The endpoint below the hub's path where replicas request a connection from each other. <see cref="AnyReplicaMiddleware"/> handles their
/// requests; to anyone else it looks like an unknown domain.
/// </summary>
internal static class HandOverEndpoint
{
    public const string Path = "/handover";

    public static IEndpointConventionBuilder MapHandOver(this IEndpointRouteBuilder endpoints, string hubPath) =>
        endpoints.Map(hubPath + Path, static context => Refusal.WriteAsync(context, StatusCodes.Status404NotFound, "unknown hub"));
}
