namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// The response of stock SignalR to an unknown connection token. It is the same for a forged, foreign or expired token and for one of a
/// stopped replica.
/// </summary>
internal static class NoSuchConnection
{
    public static Task WriteAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync("No Connection with that ID");
    }
}
