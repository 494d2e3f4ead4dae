using System.Text.Json;
using Gateway.Core.Replicas;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>The room <c>metrics:cluster</c>: one stream with the sums of all replicas.</summary>
public sealed class ClusterMetricsTests : IAsyncLifetime
{
    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync() => await _redis.DisposeAsync();

    [Fact]
    public async Task OneReplicaPublishesTheSumsOfAll()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        await using var raw = await RawClient.ConnectAsync(a.Server);
        await using var signalR = await SignalRClient.ConnectAsync(b.Server);
        await using var client = await RawClient.ConnectAsync(b.Server, "?rooms=metrics,metrics:cluster");

        var sums = await NextSumsAsync(client, sums => Cluster(sums) == (2, 3));

        Assert.Equal(
            ["cluster", "connections", "messages_in_per_second", "messages_out_per_second", "deliveries_per_second", "dropped"],
            sums.EnumerateObject().Select(field => field.Name));
        var connections = sums.GetProperty("connections");
        Assert.Equal((3, 2, 1), (Count(connections, "total"), Count(connections, "raw"), Count(connections, "signalr")));
        // The publishing replica sends both of its messages in one tick, so there are as many sums as figures of that replica.
        var first = string.CompareOrdinal(a.Get<ReplicaId>().Value, b.Get<ReplicaId>().Value) < 0 ? a : b;
        var (sumsBefore, figuresBefore) = (SumsOf(client).Count, FiguresOf(client, first));
        await Deadline.Until(() => FiguresOf(client, first) >= figuresBefore + 10, "ten more ticks");
        Assert.InRange(SumsOf(client).Count - sumsBefore, 9, 12);
    }

    [Fact]
    public async Task TrafficOfEveryReplicaIsInTheSums()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        await using var onA = await RawClient.ConnectAsync(a.Server, "?rooms=metrics:cluster");
        await using var onB = await RawClient.ConnectAsync(b.Server, "?rooms=lobby");
        foreach (var sender in new[] { onA, onB })
        {
            await NextSumsAsync(onA, sums => Rate(sums, "messages_in_per_second") == 0);
            using var stop = new CancellationTokenSource();
            var talking = TalkAsync(sender, stop.Token);

            await NextSumsAsync(onA, sums => Rate(sums, "messages_in_per_second") > 0);

            await stop.CancelAsync();
            await talking.Within("the sender to stop");
        }
    }

    [Fact]
    public async Task AnotherReplicaGoesOnWhenTheFirstStops()
    {
        var gateways = new[] { await StartAsync(), await StartAsync() }.OrderBy(
            g => g.Get<ReplicaId>().Value, StringComparer.Ordinal).ToList();
        await using var second = gateways[1];
        await using var client = await RawClient.ConnectAsync(second.Server, "?rooms=metrics:cluster");
        await NextSumsAsync(client, sums => Cluster(sums) == (2, 1));

        await gateways[0].DisposeAsync();

        await NextSumsAsync(client, sums => Cluster(sums) == (1, 1));
    }

    [Fact]
    public async Task OneReplicaHasTheRoomToo()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(
            o => (o.MetricsStream.Enabled, o.MetricsStream.IntervalMs) = (true, 50));
        await using var client = await SignalRClient.ConnectAsync(gateway.Server, "?rooms=metrics:cluster");

        await NextSumsAsync(client, sums => Cluster(sums) == (1, 1));

        var refusal = await Assert.ThrowsAsync<GatewayError>(
            () => client.RequestAsync("chat", new { room = "metrics:cluster", content = "x" }));
        Assert.Equal(403, refusal.Code);
    }

    private static async Task TalkAsync(RawClient sender, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested) await sender.RequestAsync("ping", null);
    }

    /// <summary>Waits for sums of which the condition holds. Earlier ones are from before a heartbeat.</summary>
    private static async Task<JsonElement> NextSumsAsync(IChatClient client, Func<JsonElement, bool> holds)
    {
        while (true)
        {
            var message = await client.NextAsync("metrics");
            if (message.Text("replica") == null && holds(message.Json)) return message.Json;
        }
    }

    private static List<ReceivedMessage> SumsOf(RawClient client) =>
        [.. client.All.Where(message => message.Type == "metrics" && message.Text("replica") == null)];

    private static int FiguresOf(RawClient client, EmbeddedGateway gateway) =>
        client.All.Count(message => message.Type == "metrics" && message.Text("replica") == gateway.Get<ReplicaId>().Value);

    private static (int Replicas, int Connections) Cluster(JsonElement sums) =>
        (Count(sums.GetProperty("cluster"), "replicas"), Count(sums.GetProperty("cluster"), "connections"));

    private static int Count(JsonElement counts, string name) => counts.GetProperty(name).GetInt32();

    private static double Rate(JsonElement sums, string name) => sums.GetProperty(name).GetDouble();

    private Task<EmbeddedGateway> StartAsync() => EmbeddedGateway.StartAsync(o =>
    {
        (o.Redis.Enabled, o.Redis.Connection, o.Redis.PresenceLease) = (true, [_redis.Address], TimeSpan.FromSeconds(1));
        (o.MetricsStream.Enabled, o.MetricsStream.IntervalMs) = (true, 100);
    });
}
