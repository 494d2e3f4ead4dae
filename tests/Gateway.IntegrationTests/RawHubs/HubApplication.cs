using System.Text.Json;
using Gateway.AspNetCore.Options;
using Gateway.IntegrationTests.Embedding;
using Gateway.Testing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.IntegrationTests.RawHubs;

/// <summary>An application with <see cref="ToolHub"/>: SignalR clients at <c>/hub</c>, raw ones at <c>/ws</c>.</summary>
internal sealed class HubApplication : IAsyncDisposable
{
    private readonly Application _app;

    private HubApplication(Application app) => _app = app;

    public Uri Server => _app.Server;

    public IServiceProvider Services => _app.Services;

    public Journal Journal => Services.GetRequiredService<Journal>();

    public static async Task<HubApplication> StartAsync(
        Action<GatewayOptions>? configure = null, Action<HubOptions>? hub = null, Action<IServiceCollection>? add = null,
        Action<IEndpointConventionBuilder>? conventions = null, Action<WebApplication>? map = null, RedisServer? redis = null) => new(
        await Application.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<Journal>();
                builder.Services.AddAuthentication("header")
                    .AddScheme<AuthenticationSchemeOptions, Application.HeaderAuthentication>("header", null);
                builder.Services.AddAuthorization();
                builder.Services.AddSingleton<IUserIdProvider, SubUserIds>();
                var gateway = builder.Services
                    .AddSignalR(options =>
                    {
                        options.MaximumParallelInvocationsPerClient = 4;
                        hub?.Invoke(options);
                    })
                    .AddGateway(options => configure?.Invoke(options));
                if (redis != null) gateway.AddRedis(redis.Address);
                add?.Invoke(builder.Services);
            },
            app =>
            {
                app.MapHub<ToolHub>("/hub");
                var raw = app.MapRawHub<ToolHub>("/ws");
                conventions?.Invoke(raw);
                map?.Invoke(app);
            }));

    public Task<RawClient> ConnectAsync(string query = "", string? user = null) => RawClient.ConnectAsync(
        Server, query, options =>
        {
            if (user != null) options.SetRequestHeader("X-User", user);
        });

    public Task<SignalRClient> ConnectSignalRAsync(string? user = null) => SignalRClient.ConnectAsync(
        Server, configure: options =>
        {
            if (user != null) options.SetRequestHeader("X-User", user);
        });

    /// <summary>A client by hand, after its welcome.</summary>
    public async Task<HandMadeSocket> OpenAsync(string query = "", int? receiveBuffer = null)
    {
        var socket = await HandMadeSocket.OpenAsync(Server, "/ws" + query, receiveBuffer);
        HandMadeFrame? first;
        do first = await socket.ReadAsync();
        while (first?.Opcode == HandMadeSocket.Ping); // where the test pings often
        Assert.StartsWith("""{"type":"welcome",""", first?.Text);
        return socket;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>The application's own idea of a user's id.</summary>
    private sealed class SubUserIds : IUserIdProvider
    {
        public string? GetUserId(HubConnectionContext connection) =>
            connection.User.FindFirst("sub")?.Value
            ?? connection.User.FindFirst(System.Security.Claims.ClaimTypes.NameIdentifier)?.Value;
    }
}

internal static class HandMadeSocketExtensions
{
    /// <summary>Sends a message and returns the next text frame.</summary>
    public static async Task<string> AskAsync(this HandMadeSocket socket, string message)
    {
        await socket.SendTextAsync(message);
        return await socket.NextTextAsync();
    }

    public static async Task<string> NextTextAsync(this HandMadeSocket socket)
    {
        var frame = await socket.ReadAsync();
        return frame == null ? "the connection has ended"
            : frame.Opcode == HandMadeSocket.Text ? frame.Text
            : frame.Opcode == HandMadeSocket.Close ? $"closed with {frame.CloseStatus.Code} {frame.CloseStatus.Reason}"
            : $"opcode {frame.Opcode}";
    }

    public static JsonElement Json(this string text) => JsonDocument.Parse(text).RootElement;
}
