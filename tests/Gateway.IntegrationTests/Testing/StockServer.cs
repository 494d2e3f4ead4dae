using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Gateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.IntegrationTests.Testing;

/// <summary>
/// ASP.NET Core as it comes, without a line of the gateway's: what the test clients make of it can be wrong only by their own fault. At
/// <c>/ws</c> a WebSocket that welcomes and sends back every message as it was, at <c>/hub</c> a stock hub.
/// </summary>
public sealed class StockServer : IAsyncLifetime
{
    private WebApplication _app = null!;

    public Uri Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSignalR();
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Map("/ws", EchoAsync);
        _app.MapHub<StockHub>("/hub");
        await _app.StartAsync().Within("the stock server to start");
        Server = new Uri(_app.Urls.First());
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().Within("the stock server to stop", TimeSpan.FromSeconds(30));
        await _app.DisposeAsync();
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        await socket.SendAsync(
            Encoding.UTF8.GetBytes("""{"type":"welcome","payload":{"user_id":"u"}}"""), WebSocketMessageType.Text, true, default);
        var buffer = new byte[256 * 1024];
        try
        {
            while (true)
            {
                var length = 0;
                ValueWebSocketReceiveResult part;
                do
                {
                    part = await socket.ReceiveAsync(buffer.AsMemory(length), default);
                    length += part.Count;
                }
                while (!part.EndOfMessage);
                if (part.MessageType == WebSocketMessageType.Close) break;
                if (buffer.AsSpan(0, length).SequenceEqual("close me"u8))
                {
                    await socket.CloseOutputAsync(WebSocketCloseStatus.PolicyViolation, "as you like", default);
                    continue;
                }
                await socket.SendAsync(buffer.AsMemory(0, length), part.MessageType, true, default);
            }
            if (socket.State == WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
        }
        catch (WebSocketException)
        {
            // The client broke the protocol or went away.
        }
    }

    public sealed class StockHub : Hub
    {
        public override Task OnConnectedAsync() => Clients.Caller.SendAsync("welcome", new { user_id = "u" });

        public async Task<object> Chat(JsonElement payload)
        {
            if (!payload.TryGetProperty("content", out _)) throw new HubException("400: content is missing");
            await Clients.Caller.SendAsync("system", new { @event = "first" });
            await Clients.Caller.SendAsync("chat", payload);
            return new { offset = 1 };
        }

        public Task Direct(JsonElement payload) => Clients.Caller.SendAsync("direct", payload, 2);

        public void Leave(JsonElement payload) => Context.Abort();
    }
}
