using Gateway.AspNetCore.Security;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// The endpoint below the hub's path where replicas request a connection from each other. <see cref="AnyReplicaMiddleware"/> handles their
/// requests; to anyone else it looks like an unknown domain.
/// </summary>
internal static class HandOverEndpoint
{
    public static IEndpointConventionBuilder MapHandOver(this IEndpointRouteBuilder endpoints, string hubPath, string path) =>
        endpoints.Map(hubPath + path, static context => Refusal.WriteAsync(context, StatusCodes.Status404NotFound, "unknown hub"));
}
