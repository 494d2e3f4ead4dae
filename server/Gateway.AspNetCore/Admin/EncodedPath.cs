using Microsoft.AspNetCore.Http.Features;

namespace Gateway.AspNetCore.Admin;

/// <summary>
/// Ids and room names in a path, decoded in full. The server decodes a path except for <c>%2F</c>, so a user id with a slash would come as
/// another user's. The request target as it was sent has each of them in one segment.
/// </summary>
internal static class EncodedPath
{
    /// <summary>To stand behind routing.</summary>
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
