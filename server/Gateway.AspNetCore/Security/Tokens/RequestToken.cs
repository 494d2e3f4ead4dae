using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>
/// Removes the token from a request: <c>Authorization: Bearer</c>, <c>?token=</c>, <c>?access_token=</c>, the sub-protocol <c>bearer.…</c>.
/// Code that runs later, such as a log, does not see it.
/// </summary>
internal static class RequestToken
{
    /// <summary>The sub-protocol of the response, if a client offers it besides the token.</summary>
    public const string SubProtocol = "gateway";

    private const string Scheme = "Bearer ";
    private const string SubProtocolPrefix = "bearer.";

    private static readonly string[] Parameters = ["token", "access_token"];

    /// <returns>The token, or <c>null</c>; and whether the request has different tokens.</returns>
    public static (string? Token, bool Conflict) Take(HttpRequest request)
    {
        string? token = null;
        var conflict = false;
        TakeAuthorization(request.Headers, Found);
        TakeSubProtocol(request.Headers, Found);
        TakeParameters(request, Found);
        return (token, conflict);

        void Found(string one)
        {
            conflict |= token != null && token != one;
            token = one;
        }
    }

    private static void TakeAuthorization(IHeaderDictionary headers, Action<string> found)
    {
        if (headers.Authorization.Count == 0) return;
        var others = new List<string?>();
        foreach (var value in headers.Authorization)
        {
            if (value?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) == true) found(value[Scheme.Length..].Trim());
            else others.Add(value); // another scheme
        }
        headers.Authorization = new StringValues([.. others]);
    }

    private static void TakeSubProtocol(IHeaderDictionary headers, Action<string> found)
    {
        if (headers.SecWebSocketProtocol.Count == 0) return;
        var others = new List<string>();
        foreach (var protocol in headers.GetCommaSeparatedValues("Sec-WebSocket-Protocol"))
        {
            if (protocol.StartsWith(SubProtocolPrefix, StringComparison.Ordinal)) found(protocol[SubProtocolPrefix.Length..]);
            else others.Add(protocol);
        }
        headers.SecWebSocketProtocol = others.Count == 0 ? StringValues.Empty : string.Join(", ", others);
    }

    private static void TakeParameters(HttpRequest request, Action<string> found)
    {
        var rest = new List<KeyValuePair<string, StringValues>>();
        var any = false;
        foreach (var parameter in request.Query)
        {
            if (!Parameters.Contains(parameter.Key, StringComparer.OrdinalIgnoreCase))
            {
                rest.Add(parameter);
                continue;
            }
            any = true;
            foreach (var value in parameter.Value)
                if (!string.IsNullOrEmpty(value))
                    found(value);
        }
        if (!any) return;
        request.QueryString = QueryString.Create(rest);
        if (request.HttpContext.Features.Get<IHttpRequestFeature>() is { } feature)
            feature.RawTarget = request.PathBase + request.Path + request.QueryString;
    }
}
