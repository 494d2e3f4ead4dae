using System.Net;
using System.Text.Json;
using Gateway.AspNetCore.Hubs;
using Gateway.AspNetCore.SignalR;
using Gateway.Configuration;
using Gateway.Core.Idempotency;
using Gateway.Core.Rooms;
using Gateway.IntegrationTests.Admin;
using Gateway.IntegrationTests.Identity;
using Gateway.Testing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.IntegrationTests.Supervision;

/// <summary>A fault in any loop costs a step of it, and nothing more.</summary>
public sealed class LoopFaultTests
{
    private static readonly string[] Everywhere =
    [
        "deadline_sweep", "fan_out", "first_message", "hub_start", "lag_recovery", "limits_sweep", "metrics_stream", "owners",
        "quiet_collector", "unsubscribe"
    ];

    private static readonly string[] InOneProcess =
        [.. Everywhere, "history_shrink", "history_sweep", "request_keys_sweep", "roster_grace", "restrictions_tidy"];

    private static readonly string[] WithRedis =
    [
        .. Everywhere, "cluster_answer", "cluster_listen", "count_answer", "instruction", "presence_clearance", "presence_index",
        "presence_lease", "presence_work", "publish",
        "redis_health", "redis_message", "redis_start", "redis_watch", "room_feed", "room_quota", "restrictions", "restrictions_listen",
        "user_budgets", "user_budgets_sweep",
    ];

    private static readonly string Large = new('x', 30_000);

    private readonly TestKey _key = TestKey.Rsa("2026-01");

    [Fact]
    public async Task EveryLoopOfOneProcessGoesOnAfterAFault()
    {
        await using var authority = await LocalAuthority.StartAsync(_key);
        var faults = new InjectedFaults();
        await using var gateway = await EmbeddedGateway.StartAsync(
            options =>
            {
                Set(options, authority);
                options.Rooms.PresenceGrace = TimeSpan.FromMilliseconds(20);
                options.Rooms.HistoryMaxBytes = 1;
            },
            services => services.AddSingleton<TimeProvider>(new HastyTime()), faults.Arm);
        gateway.Get<IIdempotencyKeys>(); // made when it is first needed

        await faults.HaveAllGoneOnAsync(InOneProcess, async () =>
        {
            await TryFirstMessageAsync(gateway, "not a token");
            UseHubs(gateway);
            if (!faults.HasGoneOn("lag_recovery")) await FallBehindAsync(gateway);
            await using var ada = await RawClient.ConnectAsync(gateway.Server, "?access_token=" + Token());
            var room = Guid.NewGuid().ToString("N");
            await using (await RawClient.ConnectAsync(gateway.Server, $"?rooms={room}&access_token={Token()}")) await ada.ChatAsync("hi");
        });
    }

    [Fact]
    public async Task EveryLoopOfAReplicaGoesOnAfterAFault()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var authority = await LocalAuthority.StartAsync(_key);
        var faults = new InjectedFaults();
        await using var a = await EmbeddedGateway.StartAsync(options => Set(options, authority, redis), map: faults.Arm);
        await using var b = await EmbeddedGateway.StartAsync(options => Set(options, authority, redis));
        using var admin = new AdminClient(b.Server);

        await faults.HaveAllGoneOnAsync(WithRedis, async () =>
        {
            await TryFirstMessageAsync(a, "not a token");
            UseHubs(a);
            if (!faults.HasGoneOn("lag_recovery")) await FallBehindAsync(a);
            await using var ada = await RawClient.ConnectAsync(a.Server, "?rooms=lobby&access_token=" + Token());
            await using var bob = await RawClient.ConnectAsync(b.Server, "?rooms=lobby&access_token=" + Token());
            await ada.ChatAsync("hi");
            await bob.ChatAsync("hi");
            await redis.CommandAsync("HINCRBY gw:{lobby}:position offset 3"); // the next message finds that some are missing
            await bob.ChatAsync("hi again");
            await bob.RequestAsync("direct", new { to = ((IChatClient)ada).UserId, content = "you" });
            await b.Get<IHubContext<GatewayHub>>().Groups.AddToGroupAsync(((IChatClient)ada).ConnectionId, Guid.NewGuid().ToString("N"));
            Assert.Equal(HttpStatusCode.OK, (await admin.GetAsync("connections")).Status);
            await admin.PostAsync("users/eve/mute", new { duration = "1s" });
        });
    }

    /// <summary>Of a gateway for guests: with tokens the key that replicas share is configured.</summary>
    [Fact]
    public async Task AgreeingOnTheSharedKeyGoesOnAfterAFault()
    {
        await using var redis = await RedisServer.StartAsync();
        var faults = new InjectedFaults();
        await using var gateway = await EmbeddedGateway.StartAsync(
            options =>
            {
                options.Redis.Enabled = true;
                options.Redis.Connection = [redis.Address];
            },
            map: faults.Arm);

        await Deadline.Until(() => faults.HasGoneOn("shared_key"), "it agrees again");
    }

    /// <summary>The start of the first one meets the fault.</summary>
    private static void UseHubs(EmbeddedGateway gateway)
    {
        foreach (var hub in new[] { typeof(FirstHub), typeof(SecondHub) }) gateway.Get<HubDomains>().Of(hub);
    }

    /// <summary>Of a new user each time.</summary>
    private string Token() => _key.Token(new() { ["sub"] = Guid.NewGuid().ToString("N") });

    private static void Set(ProgramOptions options, LocalAuthority authority, RedisServer? redis = null)
    {
        authority.Trust(options);
        options.Outbox.MaxBytes = 64 * 1024;
        options.Auth.FirstMessageTimeout = TimeSpan.FromMilliseconds(100);
        options.MetricsStream.Enabled = true;
        options.RateLimit.PerUser.Messages = 1000;
        (options.RateLimit.ConnectionsPerIp.Connections, options.RateLimit.ConnectionsPerIp.Window) = (1000, TimeSpan.FromSeconds(1));
        options.Admin.ApiKey = [AdminClient.Key];
        options.Redis.Enabled = redis != null;
        if (redis == null) return;
        options.Redis.Connection = [redis.Address];
        options.Server.TokenKey = ["a random text that all replicas share"];
    }

    /// <summary>Somebody who reads nothing while more is said than its outbox and the buffers of the connection hold.</summary>
    private async Task FallBehindAsync(EmbeddedGateway gateway)
    {
        var room = Guid.NewGuid().ToString("N");
        await using var sender = await RawClient.ConnectAsync(gateway.Server, $"?rooms={room}&access_token={Token()}");
        using var behind = await HandMadeSocket.OpenAsync(gateway.Server, $"/ws?rooms={room}&access_token={Token()}", receiveBuffer: 4096);
        await Deadline.Until(() => gateway.Get<RoomTable>().Find(room) is { Members.Count: 2 }, "both are in");
        for (var i = 0; i < 250; i++) await sender.ChatAsync(Large, room);
    }

    /// <summary>Somebody who says nothing, and somebody who says the wrong thing.</summary>
    private static async Task TryFirstMessageAsync(EmbeddedGateway gateway, string token)
    {
        await using var silent = await RawClient.OpenAsync(gateway.Server, "?auth=message");
        await using var wrong = await RawClient.OpenAsync(gateway.Server, "?auth=message");
        await wrong.SendTextAsync(JsonSerializer.Serialize(new { type = "auth", payload = new { token } }));
        await Task.WhenAll(silent.Closed, wrong.Closed).Within("both are told to go");
    }

    private sealed class FirstHub : Hub;

    private sealed class SecondHub : Hub;
}
