using Gateway.AspNetCore.Security;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// The endpoint below the hub's path to which replicas forward their clients' requests. The application's conventions hold where a client's
/// request arrives. They do not hold here, because a forwarded request has neither the client's TLS connection nor its token. To anyone
/// but a replica it looks like an unknown domain.
/// </summary>
internal static class ForwardedEndpoint
{
    /// <summary>Middleware. Place it before the one that verifies the signature.</summary>
    public static Task RequireAsync(HttpContext context, RequestDelegate next) =>
        context.Request.Headers.ContainsKey(ForwardedRequest.Header)
            ? next(context)
            : Refusal.WriteAsync(context, StatusCodes.Status404NotFound, "unknown hub");
}
