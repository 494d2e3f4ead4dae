namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// What stock SignalR says to a token that it does not know. Forged, foreign, stale, or of a replica that is gone: a client learns no more
/// than that.
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
