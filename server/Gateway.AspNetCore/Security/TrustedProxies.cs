using Gateway.AspNetCore.Options;
using Gateway.Core.Configuration;
using Microsoft.AspNetCore.HttpOverrides;

namespace Gateway.AspNetCore.Security;

/// <summary>Takes a client's address and scheme from what a trusted proxy says of them. Nobody else is believed.</summary>
internal static class TrustedProxies
{
    private const string IsInUse = "Gateway.TrustedProxies";

    /// <summary>Once for an application, however often it is called: a second time would read on in what the client itself wrote.</summary>
    public static void UseTrustedProxies(this IApplicationBuilder app)
    {
        var proxies = app.ApplicationServices.GetRequiredService<GatewayOptions>().Server.TrustedProxies;
        if (proxies.Count == 0 || !app.Properties.TryAdd(IsInUse, true)) return;
        var headers = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null, // as many proxies as are trusted, from the nearest on
        };
        headers.KnownProxies.Clear(); // this machine is among them otherwise
        headers.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
            headers.KnownIPNetworks.Add(
                Networks.TryRead(proxy, out var network)
                    ? network
                    : throw new InvalidOperationException($"server.trusted_proxies: '{proxy}' is neither an IP address nor a network"));
        app.UseForwardedHeaders(headers);
    }
}
