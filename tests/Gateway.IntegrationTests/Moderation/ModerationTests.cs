using System.Net;
using System.Net.WebSockets;
using Gateway.Configuration;
using Gateway.Core.Moderation;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Moderation;

/// <summary>Moderators and those whom they moderate, in both dialects, on two replicas that share a Redis.</summary>
public sealed class ModerationTests : IAsyncLifetime
{
    private static readonly TimeSpan ASecond = TimeSpan.FromSeconds(1);

    private RedisServer _redis = null!;
    private EmbeddedGateway _a = null!;
    private EmbeddedGateway _b = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync(keepsData: true);
        (_a, _b) = (await StartAsync(), await StartAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Theory]
    [InlineData(Kind.Raw, Kind.SignalR)]
    [InlineData(Kind.SignalR, Kind.Raw)]
    public async Task MutedUserGets403OnAnotherReplicaAndBothAreTold(Kind moderators, Kind users)
    {
        await using var mod = await Clients.ConnectAsync(moderators, _a.Server, UsersWithRoles.Moderator);
        await using var ada = await Clients.ConnectAsync(users, _b.Server, "?rooms=team&user=ada");
        await mod.RequestAsync("mute", new { user_id = "ada", room = "team", duration = "10m" });
        foreach (var client in new[] { mod, ada })
        {
            var told = await client.NextAsync("system");
            while (told.Text("event") != "muted") told = await client.NextAsync("system");
            Assert.Equal(("team", "ada"), (told.Text("room"), told.Text("user_id")));
        }
        await Deadline.Until(
            () => _b.Get<IRestrictionStore>().Find(RestrictionKind.Mute, "ada", "team") != null, "the other replica knows", ASecond);

        var refused = await Assert.ThrowsAsync<GatewayError>(() => ada.ChatAsync("x", "team"));

        Assert.Equal(403, refused.Code);
        Assert.StartsWith("muted in room team", refused.Text);
        if (users == Kind.SignalR) Assert.Matches(@"retry_after_ms=5\d{5}$", refused.Text);
        else Assert.InRange(ada.All[^1].Json.GetProperty("retry_after_ms").GetInt64(), 590_000, 600_000);
        await mod.RequestAsync("unmute", new { user_id = "ada", room = "team" });
        await Deadline.Until(
            () => _b.Get<IRestrictionStore>().Find(RestrictionKind.Mute, "ada", "team") == null, "the other replica knows", ASecond);
        await ada.ChatAsync("x", "team");
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task BannedUserIsClosedEverywhereAndRefusedWith403(Kind users)
    {
        await using var mod = await Clients.ConnectAsync(users == Kind.Raw ? Kind.SignalR : Kind.Raw, _a.Server, UsersWithRoles.Moderator);
        await using var here = await Clients.ConnectAsync(users, _a.Server, "?user=ada");
        await using var there = await Clients.ConnectAsync(users, _b.Server, "?user=ada");

        await mod.RequestAsync("ban", new { user_id = "ada" });

        Assert.Equal((1008, "banned"), await here.Closed.Within("the close", ASecond));
        Assert.Equal((1008, "banned"), await there.Closed.Within("the close on the other replica", ASecond));
        foreach (var gateway in new[] { _a, _b })
        {
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(gateway, "/ws?user=ada"));
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(gateway, "/hub?user=ada"));
        }
        await mod.RequestAsync("unban", new { user_id = "ada" });
        await Deadline.Until(
            () => _b.Get<IRestrictionStore>().Find(RestrictionKind.Ban, "ada") == null, "the other replica knows", ASecond);
        await (await Clients.ConnectAsync(users, _b.Server, "?user=ada")).DisposeAsync();
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task KickReachesOtherReplicas(Kind users)
    {
        await using var mod = await Clients.ConnectAsync(users == Kind.Raw ? Kind.SignalR : Kind.Raw, _a.Server, UsersWithRoles.Moderator);
        await using var ada = await Clients.ConnectAsync(users, _b.Server, "?rooms=team&user=ada");
        await using var bob = await Clients.ConnectAsync(users, _b.Server, "?rooms=team&user=bob");

        Assert.Equal(1, (await mod.RequestAsync("kick", new { user_id = "ada", room = "team" })).GetProperty("connections").GetInt32());
        Assert.Equal(403, (await Assert.ThrowsAsync<GatewayError>(() => ada.ChatAsync("x", "team"))).Code);
        await mod.RequestAsync("kick", new { user_id = "ada" });
        Assert.Equal((1008, "kicked"), await ada.Closed.Within("the close", ASecond));
        await mod.RequestAsync("kick", new { connection_id = bob.ConnectionId });
        Assert.Equal((1008, "kicked"), await bob.Closed.Within("the close", ASecond));
        Assert.Equal(404, (await Assert.ThrowsAsync<GatewayError>(() => mod.RequestAsync("kick", new { user_id = "nobody" }))).Code);
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task WhoeverHasNotTheRoleMayNot(Kind users)
    {
        await using var ada = await Clients.ConnectAsync(users, _a.Server, "?user=ada&role=member");
        foreach (var order in new[] { "mute", "unmute", "kick", "ban", "unban" })
            Assert.Equal(
                403,
                (await Assert.ThrowsAsync<GatewayError>(() => ada.RequestAsync(order, new { user_id = "bob", duration = "1m" }))).Code);
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RevocationClosesTheUsersConnectionsEverywhere(Kind users)
    {
        await using var here = await Clients.ConnectAsync(users, _a.Server, "?user=ada");
        await using var there = await Clients.ConnectAsync(users, _b.Server, "?user=ada");
        await using var bystander = await Clients.ConnectAsync(users, _b.Server, "?user=bob");
        var before = DateTimeOffset.UtcNow.AddSeconds(-1);

        await _a.Get<Moderator>().RevokeAsync("ada", "test");

        Assert.Equal((1008, "revoked"), await here.Closed.Within("the close", ASecond));
        Assert.Equal((1008, "revoked"), await there.Closed.Within("the close on the other replica", ASecond));
        Assert.True(_b.Get<AdmissionPolicy>().IsRevoked("ada", before));
        Assert.False(_b.Get<AdmissionPolicy>().IsRevoked("bob", before));
        await bystander.ChatAsync("x");
    }

    [Fact]
    public async Task WhatHoldsSurvivesTheRestartOfEverything()
    {
        await _a.Get<Moderator>().BanAsync("ada", null, "test");
        await _redis.KillAsync();
        await _a.DisposeAsync();
        await _redis.RestartAsync();

        _a = await StartAsync();

        await Deadline.Until(() => _a.Get<IRestrictionStore>().Find(RestrictionKind.Ban, "ada") != null, "the ban is known");
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(_a, "/ws?user=ada"));
    }

    [Fact]
    public async Task WhatHappensWhileAReplicaIsCutOffIsMadeUpFor()
    {
        await using var ada = await RawClient.ConnectAsync(_b.Server, "?user=ada");
        await _redis.CommandAsync("CLIENT KILL TYPE pubsub");
        await _a.Get<Moderator>().BanAsync("ada", null, "test");

        Assert.Equal((1008, "banned"), await ada.Closed.Within("the close", TimeSpan.FromSeconds(3)));
    }

    private Task<EmbeddedGateway> StartAsync() => EmbeddedGateway.StartAsync(Set, UsersWithRoles.Add);

    private void Set(ProgramOptions options)
    {
        options.Redis.Enabled = true;
        options.Redis.Connection = [_redis.Address];
    }

    private static async Task<HttpStatusCode> StatusAsync(EmbeddedGateway gateway, string path)
    {
        using var socket = new ClientWebSocket { Options = { CollectHttpResponseDetails = true } };
        await Assert.ThrowsAsync<WebSocketException>(
            () => socket.ConnectAsync(new Uri($"ws://{gateway.Server.Authority}{path}"), default).Within("the refusal"));
        return socket.HttpStatusCode;
    }
}
