using System.Net;
using System.Net.Security;
using System.Reflection;
using System.Text.Json.Nodes;
using Gateway.AspNetCore.Admin;
using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Lifecycle;
using Gateway.AspNetCore.Security;
using Gateway.Configuration;
using Gateway.Core.Connections;
using Gateway.Core.Replicas;
using Gateway.Lifecycle;
using Gateway.Listening;
using Gateway.Logging;
using Gateway.Metrics;
using Gateway.OpenTelemetry;
using Gateway.Pages;
using Gateway.Redis.Options;
using Gateway.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Gateway;

/// <summary>The gateway as a program.</summary>
internal static class GatewayApp
{
    /// <summary>Runs the gateway until the process is stopped, and returns the exit code.</summary>
    public static async Task<int> RunAsync(ProgramOptions options)
    {
        await using var app = Build(options);
        try
        {
            await app.StartAsync();
        }
        catch (IOException fault) when (fault.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync(
                $"server.port, admin.port, metrics.port: {PortFault(fault, options)} is in use; choose another one, or 0 for any");
            return 1;
        }
        catch (Exception fault) when (fault is IOException or System.Net.Sockets.SocketException)
        {
            await Console.Error.WriteLineAsync(
                $"server.host, server.port: cannot listen on {options.Server.Host}:{options.Server.Port}: {fault.Message}");
            return 1;
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return 0; // a signal came while it started
        }
        using var signals = new ForcedExit(app.Lifetime.ApplicationStopping.IsCancellationRequested);
        Announce(app, options);
        await app.WaitForShutdownAsync();
        return 0;
    }

    public static WebApplication Build(ProgramOptions options, Action<IServiceCollection>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear(); // the program's own loader validates; the framework's sources would bypass it
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(_ => ConsoleQueue.ToStandardOutput());
        builder.Services.AddSingleton<ILoggerProvider, ConsoleLog>();
        builder.Logging
            .SetMinimumLevel(options.Logging.Level)
            .AddFilter("Microsoft", FrameworkLevel(options.Logging.Level))
            .AddFilter("System", FrameworkLevel(options.Logging.Level));
        // Logs a line for each request when its connection ends, and keeps an Activity for each connection until then.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // Logs the first bytes of an invalid request, which may contain a token.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogLevel.None);
        // Logs every rejected command with a stack trace; the command router logs the gateway's own faults.
        builder.Logging.AddFilter("Microsoft.AspNetCore.SignalR.Internal.DefaultHubDispatcher", LogLevel.Critical);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical); // RunAsync reports a failed start
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Server.ShutdownTimeout);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Listen(kestrel, options));
        var gateway = builder.Services.AddGateway(options);
        if (options.Redis.Enabled) gateway.AddRedis(options.Redis);
        if (options.Admin.ApiKey.Count > 0) gateway.AddAdminApi(options.Admin);
        builder.Services.AddListening(options);
        builder.Services.AddTls(options);
        builder.Services.AddHostedService<IdleGarbageCollector>();
        builder.Services.AddSingleton(Shown(options));
        if (options.Metrics.Enabled) gateway.AddMetricsPage();
        configure?.Invoke(builder.Services);

        var app = builder.Build();
        var scheme = options.Server.Tls.Enabled ? Uri.UriSchemeHttps : Uri.UriSchemeHttp;
        app.Services.GetRequiredService<AdvertisedAddress>()
            .SetFromConfiguration(new UriBuilder(scheme, options.Server.Host, options.Server.Port).Uri);
        // WebApplication would add the authorization middleware for SignalR. No endpoint of the program needs it, and it costs memory for
        // each connection.
        ((IApplicationBuilder)app).Properties["__AuthorizationMiddlewareSet"] = true;
        var console = app.Services.GetRequiredService<ConsoleQueue>();
        app.Services.GetRequiredService<GatewayMeter>().Counter(
            "gateway_log_lines_dropped_total", "Lines of the log that were dropped because standard output was not read.",
            () => console.Dropped);
        app.UseListening();
        app.UseTrustedProxies(); // before anything that reads a client's address
        app.UseMetricsPort(MetricsPort.Of(app.Services.GetRequiredService<IServer>(), options.Metrics));
        if (options.Admin.ApiKey.Count > 0) app.UseAdminApi(options.Admin.Port);
        app.UseRouting();
        app.MapGateway();
        if (options.Server.Page)
        {
            app.MapDashboard();
            app.MapAsyncApiDocument();
        }
        app.MapHealth();
        return app;
    }

    /// <summary>The options as the admin API shows them, without the passwords of Redis servers.</summary>
    internal static ShownOptions Shown(ProgramOptions options) => new(
        options,
        view => view["redis"]!["connection"] = new JsonArray([.. options.Redis.Connection.Select(s => (JsonNode)RedisAddress.Redact(s))]));

    /// <summary>By default the framework logs warnings and errors only; with another level, as much as the gateway.</summary>
    private static LogLevel FrameworkLevel(LogLevel level) => level is LogLevel.Information ? LogLevel.Warning : level;

    private static void Listen(KestrelServerOptions kestrel, ProgramOptions options)
    {
        kestrel.AddServerHeader = false;
        ListenOn(kestrel, options.Server.Host, options.Server.Port, options.Server.Tls.Enabled);
        if (options.Admin is { ApiKey.Count: > 0, Port: > 0 } admin)
            ListenOn(kestrel, admin.Host, admin.Port, OperatorPort.UsesTls(options, admin.Host));
        if (options.Metrics is { Enabled: true } metrics)
            ListenOn(kestrel, metrics.Host, metrics.Port, OperatorPort.UsesTls(options, metrics.Host));
    }

    /// <summary>Chooses the certificate for each handshake, because it may have changed.</summary>
    private static TlsHandshakeCallbackOptions Tls(IServiceProvider services)
    {
        var certificate = services.GetRequiredService<ServerCertificate>();
        return new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => new(new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Current }),
        };
    }

    private static void ListenOn(KestrelServerOptions kestrel, string host, int port, bool tls)
    {
        void configure(ListenOptions listen)
        {
            if (tls) listen.UseHttps(Tls(kestrel.ApplicationServices));
        }
        if (IPAddress.TryParse(host, out var address)) kestrel.Listen(address, port, configure);
        // Kestrel cannot take one free port on both loopback addresses
        else if (port == 0) kestrel.Listen(IPAddress.Loopback, port, configure);
        else kestrel.ListenLocalhost(port, configure);
    }

    private static string PortFault(IOException fault, ProgramOptions options)
    {
        bool names(int port) => fault.Message.Contains($":{port}", StringComparison.Ordinal);
        if (options.Admin.Port > 0 && names(options.Admin.Port)) return $"port {options.Admin.Port}";
        return options.Metrics.Enabled && names(options.Metrics.Port) ? $"port {options.Metrics.Port}" : $"port {options.Server.Port}";
    }

    private static void Announce(WebApplication app, ProgramOptions options)
    {
        var ports = app.Urls
            .Select(url => new Uri(url
                .Replace("[::]", "localhost", StringComparison.Ordinal)
                .Replace("0.0.0.0", "localhost", StringComparison.Ordinal)))
            .ToList();
        var server = ports[0];
        var webSocketScheme = options.Server.Tls.Enabled ? "wss" : "ws";
        var console = app.Services.GetRequiredService<ConsoleQueue>();
        var version = typeof(GatewayApp).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
        console.Write(
            $"Gateway {version} is ready, replica {app.Services.GetRequiredService<ReplicaId>().Value} on {Environment.MachineName}");
        console.Write($"  raw WebSocket  {webSocketScheme}://{server.Authority}{options.Raw.Path}");
        console.Write($"  SignalR hub    {server.Scheme}://{server.Authority}{options.SignalR.Path}");
        var adminPort = ports[options.Admin.Port == 0 ? 0 : 1];
        if (options.Admin.ApiKey.Count > 0) console.Write($"  admin API      {adminPort.GetLeftPart(UriPartial.Authority)}{AdminApi.Root}");
        if (options.Metrics.Enabled) console.Write($"  metrics        {ports[^1].GetLeftPart(UriPartial.Authority)}/metrics");
    }
}
