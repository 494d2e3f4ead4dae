using Gateway.AspNetCore.Options;
using Gateway.Core.Configuration;
using Microsoft.AspNetCore.HttpOverrides;

namespace Gateway.AspNetCore.Security;

/// <summary>Takes a client's address and scheme from the headers of trusted proxies only.</summary>
internal static class TrustedProxies
{
    private const string IsInUse = "Gateway.TrustedProxies";

    /// <summary>
    /// Installs the middleware once per application. A second instance would read values that the client itself has sent.
    /// </summary>
    public static void UseTrustedProxies(this IApplicationBuilder app)
    {
        var proxies = app.ApplicationServices.GetRequiredService<GatewayOptions>().Server.TrustedProxies;
        if (proxies.Count == 0 || !app.Properties.TryAdd(IsInUse, true)) return;
        var headers = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null, // no limit on the number of trusted proxies
        };
        headers.KnownProxies.Clear(); // the default contains this machine
        headers.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
            headers.KnownIPNetworks.Add(
                Networks.TryRead(proxy, out var network)
                    ? network
                    : throw new InvalidOperationException(
                        $"server.trusted_proxies: '{proxy}' is neither an IP address nor a network such as 10.0.0.0/8."));
        app.UseForwardedHeaders(headers);
    }
}
