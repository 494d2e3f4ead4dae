using System.Buffers;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Options;
using Gateway.Core.Replicas;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// Creates and reads forwarded requests. Headers and query are unchanged, except for tokens, so the receiving replica can check them again.
/// </summary>
internal sealed class ForwardedRequests(GatewayOptions options, ReplicaKey key, TimeProvider time)
{
    /// <summary>Headers of the connection, not of the request (RFC 9110 section 7.6.1), and headers that are written anew.</summary>
    private static readonly HashSet<string> HopByHopHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        HeaderNames.Connection, HeaderNames.KeepAlive, HeaderNames.TransferEncoding, HeaderNames.TE, HeaderNames.Trailer,
        HeaderNames.Upgrade, HeaderNames.Expect,
        HeaderNames.ProxyAuthenticate, HeaderNames.ProxyAuthorization, HeaderNames.ProxyConnection, "HTTP2-Settings",
        HeaderNames.ContentLength, ForwardedRequest.Header,
    };

    /// <summary>Headers that the framework's transports set. The replica that the page has called sets the CORS headers.</summary>
    private static readonly string[] ResponseHeaders =
    [
        HeaderNames.CacheControl, HeaderNames.Pragma, HeaderNames.Expires, HeaderNames.RetryAfter, HeaderNames.SetCookie,
        "X-Accel-Buffering",
    ];

    /// <returns><c>null</c> if the user has too many claims.</returns>
    public HttpRequestMessage? Make(HttpContext context, ReplicaClient destination)
    {
        var from = context.Request;
        var user = ForwardedUser.Write(context.User);
        if (user.Length > ForwardedUser.MaxBytes) return null;
        var uri = new Uri(destination.Address, PathOf(from, EndpointOf(context).ForwardedPath) + from.QueryString.ToUriComponent());
        var request = new HttpRequestMessage(HttpMethod.Parse(from.Method), uri);
        var body = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true ? from.Body : null;
        if (body != null || user.Length > 0) request.Content = new ForwardedContent(user, body, body == null ? 0 : from.ContentLength);
        foreach (var (name, values) in from.Headers)
        {
            if (HopByHopHeaders.Contains(name) || name.StartsWith(':')) continue;
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
        Sign(context, destination, request, user);
        return request;
    }

    /// <summary>
    /// Creates a request for a connection whose WebSocket has arrived here, to the connection's replica. The user is checked here.
    /// </summary>
    public HttpRequestMessage MakeHandOver(HttpContext context, ReplicaClient destination)
    {
        var path = PathOf(context.Request, EndpointOf(context).HandOverPath);
        var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri(destination.Address, path + QueryString.Create("id", context.Request.Query["id"].ToString())));
        Sign(context, destination, request, default);
        return request;
    }

    /// <summary>Reads a forwarded request.</summary>
    /// <returns><c>null</c> if no replica of this gateway has sent it.</returns>
    public ForwardedRequest? Read(HttpContext context) => ForwardedRequest.Read(
        context.Request.Headers[ForwardedRequest.Header].ToString(), context.Request.Method,
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, key, time);

    /// <summary>Takes the user from the request's body. The rest is the client's body.</summary>
    /// <returns><c>false</c> if the body is not the one that the replica has sent.</returns>
    public async ValueTask<bool> TryRestoreUserAsync(HttpContext context, ForwardedUserPart part)
    {
        if (part.Bytes > ForwardedUser.MaxBytes) return false;
        var reader = context.Request.BodyReader;
        var read = await reader.ReadAtLeastAsync(part.Bytes, context.RequestAborted);
        if (read.Buffer.Length < part.Bytes)
        {
            reader.AdvanceTo(read.Buffer.End);
            return false;
        }
        var user = read.Buffer.Slice(0, part.Bytes);
        var bytes = user.ToArray();
        reader.AdvanceTo(user.End);
        if (!part.Matches(bytes)) return false;
        if (context.Request.ContentLength is { } length) context.Request.ContentLength = length - part.Bytes;
        // A host application that authenticates by headers has done so here too.
        if (context.User.Identity?.IsAuthenticated != true
            && ForwardedUser.Read(bytes)
                .ToPrincipal(options.Auth.ExpiryWarning, time.GetUtcNow()) is { } principal) context.User = principal;
        return true;
    }

    public static void CopyResponse(HttpResponseMessage from, HttpResponse to)
    {
        to.StatusCode = (int)from.StatusCode;
        foreach (var name in ResponseHeaders)
            if (from.Headers.NonValidated.TryGetValues(name, out var values))
                to.Headers[name] = values.ToArray();
        foreach (var (name, values) in from.Content.Headers.NonValidated) to.Headers[name] = values.ToArray();
    }

    private static GatewayEndpoint EndpointOf(HttpContext context) => context.Features.GetRequiredFeature<GatewayEndpoint>();

    private static string PathOf(HttpRequest request, string endpoint) =>
        request.PathBase.Add(request.Path.Value!.TrimEnd('/') + endpoint).ToUriComponent();

    private void Sign(HttpContext context, ReplicaClient destination, HttpRequestMessage request, ReadOnlyMemory<byte> user) =>
        request.Headers.TryAddWithoutValidation(
            ForwardedRequest.Header,
            ForwardedRequest.Of(context, destination.Id, user, time).Write(request.Method.Method, request.RequestUri!.PathAndQuery, key));
}
