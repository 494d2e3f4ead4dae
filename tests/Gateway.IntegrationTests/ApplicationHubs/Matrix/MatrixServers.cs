using Gateway.IntegrationTests.Embedding;
using Gateway.Testing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.IntegrationTests.ApplicationHubs.Matrix;

/// <summary>Two replicas of an application, whose hub has SignalR clients at <c>/hub</c> and raw ones at <c>/ws</c>.</summary>
public sealed class MatrixServers : IAsyncLifetime
{
    private RedisServer _redis = null!;
    private Application _here = null!;
    private Application _there = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        (_here, _there) = (await StartAsync(), await StartAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _here.DisposeAsync();
        await _there.DisposeAsync();
        await _redis.DisposeAsync();
    }

    internal async Task<IPeer> ConnectAsync(bool isRaw, string user, bool onOtherReplica = false)
    {
        var server = (onOtherReplica ? _there : _here).Server;
        if (isRaw) return new RawPeer(await RawClient.ConnectAsync(server, configure: options => options.SetRequestHeader("X-User", user)));
        return new SignalRPeer(await SignalRClient.ConnectAsync(server, configure: options => options.SetRequestHeader("X-User", user)));
    }

    private Task<Application> StartAsync() => Application.StartAsync(
        builder =>
        {
            builder.Services.AddAuthentication("header")
                .AddScheme<AuthenticationSchemeOptions, Application.HeaderAuthentication>("header", null);
            builder.Services.AddSingleton<IUserIdProvider, Names>();
            builder.Services.AddSignalR().AddGateway().AddRedis(_redis.Address);
        },
        app =>
        {
            app.MapHub<MatrixHub>("/hub");
            app.MapRawHub<MatrixHub>("/ws");
        });

    private sealed class Names : IUserIdProvider
    {
        public string? GetUserId(HubConnectionContext connection) => connection.User.Identity?.Name;
    }
}
