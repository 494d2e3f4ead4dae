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

/// <summary>The gateway as a program of its own.</summary>
internal static class GatewayApp
{
    /// <summary>Runs until the process is told to stop. Returns its exit code.</summary>
    public static async Task<int> RunAsync(ProgramOptions options)
    {
        await using var app = Build(options);
        try
        {
            await app.StartAsync();
        }
        catch (IOException fault) when (fault.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"server.port, admin.port, metrics.port: {PortFault(fault, options)} is in use already");
            return 1;
        }
        catch (Exception fault) when (fault is IOException or System.Net.Sockets.SocketException)
        {
            await Console.Error.WriteLineAsync($"server.host, server.port: cannot listen on {options.Server.Host}:{options.Server.Port}: {fault.Message}");
            return 1;
        }
        using var signals = new ForcedExit(app.Lifetime.ApplicationStopping.IsCancellationRequested);
        Announce(app, options);
        await app.WaitForShutdownAsync();
        return 0;
    }

    public static WebApplication Build(ProgramOptions options, Action<IServiceCollection>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear(); // the gateway has its own; the framework's would be a second, unchecked way in
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(_ => ConsoleQueue.ToStandardOutput());
        builder.Services.AddSingleton<ILoggerProvider, ConsoleLog>();
        builder.Logging.SetMinimumLevel(options.Logging.Level).AddFilter("Microsoft", Quieter(options.Logging.Level)).AddFilter("System", Quieter(options.Logging.Level));
        // Its one line for each request would come when a connection ends; and for as long as it may, every connection keeps an Activity.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // Prints the first bytes of a request that is none, and a token may stand there.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogLevel.None);
        // Logs every refused command with a stack trace; what fails on our side the command router logs itself.
        builder.Logging.AddFilter("Microsoft.AspNetCore.SignalR.Internal.DefaultHubDispatcher", LogLevel.Critical);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical); // a start that fails we tell ourselves, in words
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Server.ShutdownTimeout);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Listen(kestrel, options));
        var gateway = builder.Services.AddGateway(options);
        if (options.Redis.Enabled) gateway.AddRedis(options.Redis);
        if (options.Admin.ApiKey.Count > 0) gateway.AddAdminApi(options.Admin);
        builder.Services.AddListening(options);
        builder.Services.AddTls(options);
        builder.Services.AddHostedService<IdleGarbageCollector>();
        builder.Services.AddSingleton(Shown(options));
        if (options.Metrics.Enabled) builder.Services.AddGatewayMetrics();
        configure?.Invoke(builder.Services);

        var app = builder.Build();
        app.Services.GetRequiredService<AdvertisedAddress>().Expect(new UriBuilder(options.Server.Tls.Enabled ? Uri.UriSchemeHttps : Uri.UriSchemeHttp, options.Server.Host, options.Server.Port).Uri);
        // What the framework would add by itself where SignalR is: nothing of ours has authorization data, and its wait would be kept for each connection.
        ((IApplicationBuilder)app).Properties["__AuthorizationMiddlewareSet"] = true;
        var console = app.Services.GetRequiredService<ConsoleQueue>();
        app.Services.GetRequiredService<GatewayMeter>().Counter("gateway_log_lines_dropped_total", "Lines of the log that were dropped, as standard output did not take them.", () => console.Dropped);
        app.UseListening();
        app.UseTrustedProxies(); // ahead of whatever looks at a client's address
        app.UseMetricsPort(MetricsPort.Of(app.Services.GetRequiredService<IServer>(), options.Metrics));
        if (options.Admin.ApiKey.Count > 0) app.UseAdminApi(options.Admin.Port);
        app.UseRouting();
        app.MapGateway();
        if (options.Server.Page)
        {
            app.MapDashboard();
            app.MapContract();
        }
        app.MapHealth();
        return app;
    }

    /// <summary>For the admin API: passwords in the addresses of Redis servers are hidden.</summary>
    internal static ShownOptions Shown(ProgramOptions options) =>
        new(options, view => view["redis"]!["connection"] = new JsonArray([.. options.Redis.Connection.Select(server => (JsonNode)RedisAddress.Shown(server))]));

    /// <summary>The framework speaks only of what is wrong, but as much as the gateway when the gateway is asked for more than usual.</summary>
    private static LogLevel Quieter(LogLevel level) => level is LogLevel.Information ? LogLevel.Warning : level;

    private static void Listen(KestrelServerOptions kestrel, ProgramOptions options)
    {
        kestrel.AddServerHeader = false;
        ListenOn(kestrel, options.Server.Host, options.Server.Port, options.Server.Tls.Enabled);
        if (options.Admin is { ApiKey.Count: > 0, Port: > 0 }) ListenOn(kestrel, options.Admin.Host, options.Admin.Port, OperatorPort.UsesTls(options, options.Admin.Host));
        if (options.Metrics.Enabled) ListenOn(kestrel, options.Metrics.Host, options.Metrics.Port, OperatorPort.UsesTls(options, options.Metrics.Host));
    }

    /// <summary>Asked for each handshake: the certificate may have changed.</summary>
    private static TlsHandshakeCallbackOptions Tls(IServiceProvider services)
    {
        var certificate = services.GetRequiredService<ServerCertificate>();
        return new TlsHandshakeCallbackOptions { OnConnection = _ => new(new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Current }) };
    }

    private static void ListenOn(KestrelServerOptions kestrel, string host, int port, bool tls)
    {
        void configure(ListenOptions listen)
        {
            if (tls) listen.UseHttps(Tls(kestrel.ApplicationServices));
        }
        if (IPAddress.TryParse(host, out var address)) kestrel.Listen(address, port, configure);
        else if (port == 0) kestrel.Listen(IPAddress.Loopback, port, configure); // the framework finds no free port for both loopback addresses at once
        else kestrel.ListenLocalhost(port, configure);
    }

    private static string PortFault(IOException fault, ProgramOptions options) =>
        options.Admin.Port > 0 && fault.Message.Contains($":{options.Admin.Port}", StringComparison.Ordinal) ? $"port {options.Admin.Port}"
        : options.Metrics.Enabled && fault.Message.Contains($":{options.Metrics.Port}", StringComparison.Ordinal) ? $"port {options.Metrics.Port}" : $"port {options.Server.Port}";

    private static void Announce(WebApplication app, ProgramOptions options)
    {
        var ports = app.Urls.Select(url => new Uri(url.Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal))).ToList();
        var server = ports[0];
        var webSocketScheme = options.Server.Tls.Enabled ? "wss" : "ws";
        var console = app.Services.GetRequiredService<ConsoleQueue>();
        var version = typeof(GatewayApp).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
        console.Write($"Gateway {version} is ready, replica {app.Services.GetRequiredService<ReplicaId>().Value} on {Environment.MachineName}");
        console.Write($"  raw WebSocket  {webSocketScheme}://{server.Authority}{options.Raw.Path}");
        console.Write($"  SignalR hub    {server.Scheme}://{server.Authority}{options.SignalR.Path}");
        if (options.Admin.ApiKey.Count > 0) console.Write($"  admin API      {ports[options.Admin.Port == 0 ? 0 : 1].GetLeftPart(UriPartial.Authority)}{AdminApi.Root}");
        if (options.Metrics.Enabled) console.Write($"  metrics        {ports[^1].GetLeftPart(UriPartial.Authority)}/metrics");
    }
}
