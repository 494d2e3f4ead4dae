using Microsoft.AspNetCore.SignalR;

namespace Gateway.Benchmarks.Peers;

/// <summary>What the gateway's users would have otherwise: a stock SignalR hub with its default options.</summary>
internal static class SignalRPeer
{
    public static async Task RunAsync(int port)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Services.AddSignalR();
        await using var app = builder.Build();
        app.MapHub<PeerHub>("/hub");
        await app.RunAsync();
    }

    public sealed class PeerHub : Hub
    {
        public Task Send(string text) => Clients.All.SendAsync("chat", text);
    }
}
