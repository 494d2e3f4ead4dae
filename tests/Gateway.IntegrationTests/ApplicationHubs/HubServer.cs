using Gateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.IntegrationTests.ApplicationHubs;

/// <summary>
/// A server with one hub of the application's, seen from below the hub: its lifetime manager, and connections over pipes.
/// </summary>
internal sealed class HubServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private readonly bool _isBare;

    private HubServer(WebApplication app, bool isBare)
    {
        (_app, _isBare) = (app, isBare);
        Handler = app.Services.GetRequiredService<HubConnectionHandler<AnyHub>>();
        Manager = app.Services.GetRequiredService<HubLifetimeManager<AnyHub>>();
        Protocol = app.Services.GetRequiredService<IHubProtocolResolver>().GetProtocol("json", supportedProtocols: null)!;
    }

    public HubLifetimeManager<AnyHub> Manager { get; }
    public HubConnectionHandler<AnyHub> Handler { get; }
    public IHubProtocol Protocol { get; }

    /// <param name="isBare">Whether only the lifetime manager knows its connections.</param>
    /// <param name="add">What comes behind <c>AddSignalR()</c>.</param>
    public static async Task<HubServer> StartAsync(bool isBare, Action<ISignalRServerBuilder> add)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        add(builder.Services.AddSignalR());
        var app = builder.Build();
        app.MapHub<AnyHub>("/hub");
        await app.StartAsync().Within("the server to start");
        return new HubServer(app, isBare);
    }

    /// <summary>A connection that the server knows.</summary>
    public async Task<PipeClient> ConnectAsync(string? user = null, bool stalls = false)
    {
        PipeClient client = _isBare ? new BareClient(this, user, stalls) : new HandledClient(this, user, stalls);
        await client.StartAsync().Within("the connection to be known");
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().Within("the server to stop", TimeSpan.FromSeconds(30));
        await _app.DisposeAsync();
    }
}
