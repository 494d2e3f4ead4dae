using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AspNetCore.Admin;

/// <summary>
/// Decodes the ids and room names of a path completely. The server does not decode <c>%2F</c>, so a user id with a slash would be read as
/// another user's. The raw request target has each value in one segment.
/// </summary>
internal static class EncodedPath
{
    /// <summary>Middleware. Place it after routing.</summary>
    public static Task DecodeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint() is RouteEndpoint { RoutePattern.PathSegments: var pattern }
            && context.Features.Get<IHttpRequestFeature>()?.RawTarget.Split('?', 2)[0] is ['/', ..] target
            && target[1..].Split('/') is var sent && sent.Length == pattern.Count)
        {
            for (var i = 0; i < sent.Length; i++)
                if (pattern[i].Parts is [Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter])
                    context.Request.RouteValues[parameter.Name] = Uri.UnescapeDataString(sent[i]);
        }
        return next(context);
    }
}
