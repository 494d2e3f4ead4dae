using Microsoft.AspNetCore.SignalR;

namespace Gateway.Benchmarks.Peers;

/// <summary>
/// What the gateway's users would have otherwise: a stock SignalR hub with its default options. Or the same hub on the gateway.
/// </summary>
internal static class SignalRPeer
{
    /// <param name="onGateway">With the one line that puts the hub on the gateway.</param>
    public static async Task RunAsync(int port, bool onGateway = false)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var signalR = builder.Services.AddSignalR();
        if (onGateway) signalR.AddGateway();
        await using var app = builder.Build();
        app.MapHub<PeerHub>("/hub");
        await app.RunAsync();
    }

    public sealed class PeerHub : Hub
    {
        public Task Send(string text) => Clients.All.SendAsync("chat", text);
    }
}
