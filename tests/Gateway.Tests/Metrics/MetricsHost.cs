using System.Net;
using Gateway.AspNetCore.Lifecycle;
using Gateway.Configuration;
using Gateway.Core.Supervision;
using Gateway.Metrics;
using Gateway.OpenTelemetry;
using Gateway.Testing.Prometheus;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gateway.Tests.Metrics;

/// <summary>
/// An application with a port for clients and one for operators, both free ones, and meters that nobody else in this process has.
/// </summary>
internal sealed class MetricsHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };

    private MetricsHost(WebApplication app)
    {
        _app = app;
        (Clients, Operators) = (new Uri(app.Urls.First()), new Uri(app.Urls.Last()));
    }

    public Uri Clients { get; }
    public Uri Operators { get; }
    public IServiceProvider Services => _app.Services;
    public ReadinessState Readiness => _app.Services.GetRequiredService<ReadinessState>();

    /// <param name="routesFirst">Leaves it to WebApplication to choose the endpoint ahead of all middleware, as applications do that never
    /// call UseRouting.</param>
    public static async Task<MetricsHost> StartAsync(string[] meters, bool routesFirst = false, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        if (time is not null) builder.Services.AddSingleton(time);
        builder.Services.AddSingleton<ReadinessState>();
        builder.Services.AddSignalR();
        builder.Services.AddMetricsPage(meters);
        var app = builder.Build();
        app.UseMetricsPort(MetricsPort.Of(app.Services.GetRequiredService<IServer>(), new MetricsPageOptions { Port = 0 }));
        app.UseWebSockets();
        if (!routesFirst) app.UseRouting();
        app.MapHealth();
        app.MapHub<SilentHub>("/hub");
        app.MapGet("/hello", () => "hello");
        app.MapFallback(() => Results.Text("fallback"));
        await app.StartAsync();
        return new MetricsHost(app);
    }

    /// <summary>A scrape's page, judged as a whole.</summary>
    public async Task<PrometheusPage> ScrapeAsync()
    {
        using var response = await GetAsync(Operators, "/metrics");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        return PrometheusText.Parse(await response.Content.ReadAsByteArrayAsync());
    }

    public Task<HttpResponseMessage> GetAsync(Uri port, string path) => _http.GetAsync(new Uri(port, path));

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private sealed class SilentHub : Hub;
}
