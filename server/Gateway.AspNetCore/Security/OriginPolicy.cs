using Gateway.AspNetCore.Options;

namespace Gateway.AspNetCore.Security;

/// <summary>
/// Decides which pages may connect. A browser sends the page's origin (RFC 6454 section 7), and for WebSockets leaves the check to the
/// server. Without a list, the gateway accepts its own origin and clients that send none, which are not browsers.
/// </summary>
internal sealed class OriginPolicy(GatewayOptions options)
{
    private readonly HashSet<string> _allowed = new(
        options.Server.AllowedOrigins.Select(o => o.TrimEnd('/')), StringComparer.OrdinalIgnoreCase);

    public bool Allows(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0 || IsListed(origin) || IsOwn(origin, request.Host);
    }

    public bool IsListed(string origin) => _allowed.Contains("*") || _allowed.Contains(origin);

    /// <summary>Compares host and port only: behind a proxy that terminates TLS the schemes differ.</summary>
    private static bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri)
            && string.Equals(uri.Authority, WithoutDefaultPort(host, uri), StringComparison.OrdinalIgnoreCase);

    private static string WithoutDefaultPort(HostString host, Uri origin) =>
        origin.IsDefaultPort && host.Port == origin.Port ? host.Host : host.Value ?? "";
}
