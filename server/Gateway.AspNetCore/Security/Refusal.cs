using System.Globalization;

namespace Gateway.AspNetCore.Security;

/// <summary>Rejects a request before it becomes a connection, with a status and one line of text.</summary>
internal static class Refusal
{
    public static Task WriteAsync(HttpContext context, int status, string text, TimeSpan? retryAfter = null)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        if (status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer"; // RFC 6750 section 3
        if (status == StatusCodes.Status503ServiceUnavailable) context.Response.Headers.RetryAfter = "1";
        if (retryAfter is { } wait)
            context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return context.Response.WriteAsync(text + "\n");
    }
}
