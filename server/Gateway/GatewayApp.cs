using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gateway.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway;

/// <summary>The gateway as a program of its own.</summary>
internal static class GatewayApp
{
    public static WebApplication Build(GatewayOptions options, Action<IServiceCollection>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear(); // the gateway has its own; the framework's would be a second, unchecked way in
        builder.Logging.SetMinimumLevel(options.Logging.Level).AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Server.ShutdownTimeout);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.Services.AddGateway(options);
        configure?.Invoke(builder.Services);

        var app = builder.Build();
        app.UseGateway();
        app.UseRouting();
        app.MapGateway();
        return app;
    }

    private static void Listen(KestrelServerOptions kestrel, GatewayOptions options)
    {
        kestrel.AddServerHeader = false;
        ListenOn(kestrel, options.Server.Host, options.Server.Port, listen =>
        {
            if (options.Server.Tls.Enabled) listen.UseHttps(X509Certificate2.CreateFromPemFile(options.Server.Tls.CertFile, options.Server.Tls.KeyFile));
        });
    }

    private static void ListenOn(KestrelServerOptions kestrel, string host, int port, Action<ListenOptions> configure)
    {
        if (IPAddress.TryParse(host, out var address)) kestrel.Listen(address, port, configure);
        else if (host == "localhost") kestrel.ListenLocalhost(port, configure);
        else kestrel.ListenAnyIP(port, configure);
    }
}
