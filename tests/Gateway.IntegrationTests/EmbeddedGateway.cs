using Gateway.Configuration;
using Gateway.Core.Hosting;
using Gateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.IntegrationTests;

/// <summary>A gateway in the test's own process, for what can only be seen from inside: server code, services, options.</summary>
public sealed class EmbeddedGateway : IAsyncDisposable
{
    private readonly WebApplication _app;

    private EmbeddedGateway(WebApplication app)
    {
        _app = app;
        Server = new Uri(app.Urls.First());
    }

    public Uri Server { get; }

    /// <summary>Of every port, in the order in which they were opened.</summary>
    public IReadOnlyList<Uri> Urls => [.. _app.Urls.Select(url => new Uri(url))];
    public IServiceProvider Services => _app.Services;

    internal static async Task<EmbeddedGateway> StartAsync(
        Action<ProgramOptions>? set = null, Action<IServiceCollection>? configure = null, Action<WebApplication>? map = null,
        Action<IGatewayBuilder>? add = null)
    {
        var options = new ProgramOptions();
        options.Server.Host = "127.0.0.1";
        options.Server.Port = 0;
        options.Metrics.Enabled = false;
        options.MetricsStream.Enabled = false;
        options.RateLimit.Messages = 0;
        options.Logging.Level = Microsoft.Extensions.Logging.LogLevel.Warning;
        set?.Invoke(options);
        var app = GatewayApp.Build(options, services =>
        {
            services.AddSingleton<ILoggerProvider, ToldLogs>();
            configure?.Invoke(services);
            add?.Invoke(new Builder(services));
        });
        map?.Invoke(app);
        await app.StartAsync().Within("the gateway to start");
        return new EmbeddedGateway(app);
    }

    private sealed class Builder(IServiceCollection services) : IGatewayBuilder
    {
        public IServiceCollection Services => services;

        public IGatewayBuilder UseBackplane(Action<DomainServices> configure) => throw new NotSupportedException("set options.Redis");
    }

    private sealed class ToldLogs : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => Told.IsKept;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Told.Note(formatter(state, exception) + exception);

        public void Dispose()
        {
        }
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().Within("the gateway to stop", TimeSpan.FromSeconds(30));
        await _app.DisposeAsync();
    }
}
