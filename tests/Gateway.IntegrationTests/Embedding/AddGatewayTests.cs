using System.Net;
using System.Text;
using Gateway.AspNetCore.Options;
using Gateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Gateway.IntegrationTests.Embedding;

/// <summary>
/// The options of an application that has the gateway in it: wherever they come from, they are checked when it starts, and every fault is
/// told.
/// </summary>
public sealed class AddGatewayTests
{
    [Fact]
    public async Task OptionsSetByCodeAreCheckedAtTheStartAndEveryFaultIsTold()
    {
        var faults = await FaultsAsync(builder => builder.Services.AddGateway(options =>
        {
            options.Outbox.Capacity = 0;
            options.Raw.MaxMessageBytes = -5;
            options.Auth.SigningKey = [new string('k', 40)]; // with auth.mode none
            options.Rooms.Policies.Add(new RoomPolicyOptions());
            options.Outbox.OnFull = (Core.Messages.SlowConsumerPolicy)17;
        }));

        Assert.Collection(
            faults.Order(StringComparer.Ordinal),
            fault => Assert.StartsWith("auth.signing_key: is set, but auth.mode is none", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith(
                "outbox.capacity: \"0\" is not allowed; allowed: a whole number from 1 to 65536", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("outbox.on_full: \"17\" is not allowed", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("raw.max_message_bytes: \"-5\" is not allowed", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("rooms.policies.3.match: \"\" is not allowed", fault, StringComparison.Ordinal));
    }

    [Fact]
    public async Task SecretIsNotInTheFault()
    {
        var faults = await FaultsAsync(builder => builder.Services.AddGateway(options => options.Server.TokenKey = ["short-secret"]));

        Assert.DoesNotContain("short-secret", string.Concat(faults), StringComparison.Ordinal);
        Assert.Contains("server.token_key.0", string.Concat(faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SectionOfTheConfigurationWorksInBothSpellings()
    {
        const string json = """
            { "Gateway": {
                "Rooms": { "AutoJoin": ["hall"], "max_per_connection": 7, "Defaults": { "HistoryTtl": "5m" },
                           "Policies": [{ "Match": "a*", "OnFull": "drop_oldest" }] },
                "SignalR": { "ClientTimeout": "20s" },
                "Hubs": { "test": { "MaxConnections": 3 } },
                "MetricsStream": { "Enabled": false } } }
            """;
        await using var app = await Application.StartAsync(builder => builder.Services.AddGateway(Read(json).GetSection("Gateway")));
        var options = app.Services.GetRequiredService<IOptions<GatewayOptions>>().Value;

        Assert.Equal(["hall"], options.Rooms.AutoJoin);
        Assert.Equal((7, TimeSpan.FromMinutes(5)), (options.Rooms.MaxPerConnection, options.Rooms.Defaults.HistoryTtl));
        Assert.Equal(
            ("a*", Core.Messages.SlowConsumerPolicy.DropOldest), (options.Rooms.Policies[0].Match, options.Rooms.Policies[0].OnFull));
        Assert.Equal((TimeSpan.FromSeconds(20), 3), (options.SignalR.ClientTimeout, options.Hubs["test"].MaxConnections));
    }

    [Fact]
    public async Task TypingErrorInTheConfigurationStopsTheStart()
    {
        var faults = await FaultsAsync(
            builder => builder.Services.AddGateway(
                Read("""{ "Gateway": { "Rooms": { "MaxPerConection": 7, "AutoJoin": "a b" } } }""").GetSection("Gateway")));

        Assert.Contains(
            faults,
            fault =>
                fault.StartsWith("rooms.MaxPerConection: unknown key; did you mean rooms.max_per_connection?", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("rooms.auto_join", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AddRedisChecksItsOptions()
    {
        var faults = await FaultsAsync(builder => builder.Services.AddGateway().AddRedis("localhost:99999"));

        Assert.StartsWith("connection.0: ", Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AdminApiWorksInAnApplicationAndWantsItsKey()
    {
        const string key = "0123456789abcdef";
        await using var app = await Application.StartAsync(
            builder => builder.Services.AddGateway(Application.Quiet).AddAdminApi(options => options.ApiKey = [key]),
            map: a =>
            {
                a.MapGateway();
                a.MapGatewayAdminApi();
            });
        await using var client = await RawClient.ConnectAsync(app.Server, "?user=ada&rooms=lobby");

        Assert.Equal(HttpStatusCode.Unauthorized, await app.StatusAsync(HttpMethod.Get, "/api/v1/rooms"));
        app.Http.DefaultRequestHeaders.Add("X-Api-Key", key);
        Assert.Equal(
            """{"rooms":[{"room":"lobby","connections":1}],"silent_replicas":0}""",
            await app.Http.GetStringAsync("/api/v1/rooms").Within("the rooms"));
        using var body = new StringContent("""{"type":"note","payload":{"id":1}}""", Encoding.UTF8, "application/json");
        using var published = await app.Http.PostAsync("/api/v1/rooms/lobby/messages", body).Within("the publishing");
        Assert.Equal(HttpStatusCode.OK, published.StatusCode);
        Assert.Equal(1, (await client.NextAsync("note")).Json.GetProperty("id").GetInt32());
    }

    [Fact]
    public async Task HealthCheckTellsThatTheBackplaneIsAway()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var app = await Application.StartAsync(
            builder =>
            {
                builder.Services.AddGateway(Application.Quiet).AddRedis(redis.Address);
                builder.Services.AddHealthChecks().AddGateway();
            },
            map: a =>
            {
                a.MapGateway();
                a.MapHealthChecks("/ready");
            });
        await Deadline.Until(async () => await app.StatusAsync(HttpMethod.Get, "/ready") == HttpStatusCode.OK, "the application is ready");

        await redis.KillAsync();

        await Deadline.Until(
            async () => await app.StatusAsync(HttpMethod.Get, "/ready") == HttpStatusCode.ServiceUnavailable,
            "the application is not ready");
    }

    [Fact]
    public async Task OnTestServerTheFallbackTransportsWorkAndARawClientIsTold()
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseTestServer();
        builder.Services.AddGateway(Application.Quiet);
        await using var app = builder.Build();
        app.MapGateway();
        await app.StartAsync();
        using var http = app.GetTestClient();
        using var negotiated = await http.PostAsync("/hub/negotiate?negotiateVersion=1", null).Within("the negotiation");
        Assert.Equal(HttpStatusCode.OK, negotiated.StatusCode);

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(
            () => app.GetTestServer().CreateWebSocketClient().ConnectAsync(new Uri("ws://localhost/ws"), default));

        Assert.Contains("501", fault.Message, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<string>> FaultsAsync(Action<WebApplicationBuilder> add)
    {
        var fault = await Assert.ThrowsAsync<OptionsValidationException>(() => Application.StartAsync(add, map: _ => { }));
        return [.. fault.Failures];
    }

    private static IConfigurationRoot Read(string json) =>
        new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build();
}
