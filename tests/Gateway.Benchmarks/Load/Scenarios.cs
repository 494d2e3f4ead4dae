namespace Gateway.Benchmarks.Load;

/// <summary>A question, the servers it is put to, and which figure is the answer.</summary>
/// <param name="Figure">The figure that is compared and plotted, and its unit.</param>
internal sealed record Scenario(
    string Name, string Title, IReadOnlyList<Target> Targets, Func<Target, Task<Result>> RunAsync, Func<Result, double> Figure, string Unit)
{
    public string Describe(Result result) =>
        $"{Figure(result):#,0.##} "
        + $"{Unit}{(result.Missing + result.OutOfOrder > 0 ? $", {result.Missing} missing, {result.OutOfOrder} out of order" : "")}";
}

internal static class Scenarios
{
    private const double CompilerSeconds = 1;

    public static IReadOnlyList<string> Names { get; } = ["rate", "flat", "small", "mixed", "stalled", "idle", "redis"];

    public static IEnumerable<Scenario> All(FanOutOptions options)
    {
        var (n, seconds) = (options.Subscribers, options.Seconds);
        Target[] both = [Targets.Signalr(), Targets.StockSignalR, Targets.Raw(), Targets.PlainBroadcaster];
        yield return new Scenario(
            "rate", $"{n:#,0} subscribers, 128 bytes, 25 messages/s", both, t => WithAsync(t, new Traffic(n, 128, 25, seconds)),
            r => r.CpuMicrosPerDelivery, "µs of CPU per delivery");
        yield return new Scenario(
            "flat", $"{n:#,0} subscribers, 128 bytes, as fast as it goes",
            [.. both, Targets.Raw("--server:direct_socket=false") with { Name = "gateway, raw, through the pipe" }],
            t => WithAsync(t, new Traffic(n, 128, 0, seconds)), r => r.DeliveriesPerSecond, "deliveries/s");
        yield return new Scenario(
            "small", "50 subscribers, 128 bytes, 2,000 messages/s", both, t => WithAsync(t, new Traffic(50, 128, 2000, seconds)),
            r => r.CpuMicrosPerDelivery, "µs of CPU per delivery");
        yield return new Scenario(
            "mixed", $"{n:#,0} subscribers in one room, both dialects, 25 messages/s",
            [Targets.Mixed(), Targets.Raw(), Targets.Signalr()],
            t => WithAsync(t, new Traffic(n, 128, 25, seconds)), r => r.CpuMicrosPerDelivery, "µs of CPU per delivery");
        yield return new Scenario(
            "stalled", "200 subscribers, 4 kB, 100 messages/s, and 5 that never read", both,
            t => WithAsync(t, new Traffic(200, 4096, 100, Math.Max(seconds, 15), Stalled: 5)), r => r.P99Ms, "ms p99 of the healthy");
        yield return new Scenario(
            "idle", "5,000 idle connections", both, t => IdleAsync(t, 5000), r => r.KbPerConnection, "kB resident per connection");
        yield return new Scenario(
            "redis", $"{n:#,0} subscribers on two replicas behind Redis, 25 messages/s",
            [Targets.Mixed(), Targets.Mixed() with { Name = "gateway, two replicas" }],
            t => RedisScenario.RunAsync(t, new Traffic(n, 128, 25, seconds)), r => r.P99Ms, "ms p99");
    }

    public static Scenario Relay(FanOutOptions options) => new(
        "relay", $"{options.Subscribers:#,0} connections on a relay of opaque frames, 128 bytes, as fast as it goes",
        [Targets.Relay, Targets.PlainBroadcaster],
        t => WithAsync(t, new Traffic(options.Subscribers, 128, 0, options.Seconds)), r => r.DeliveriesPerSecond, "deliveries/s");

    public static IEnumerable<Scenario> Embedded(FanOutOptions options)
    {
        var (n, seconds) = (options.Subscribers, options.Seconds);
        Target[] both = [Targets.HubOnGateway, Targets.StockSignalR];
        yield return new Scenario(
            "rate", $"{n:#,0} subscribers of a hub, 128 bytes, 25 messages/s", both,
            t => WithAsync(t, new Traffic(n, 128, 25, seconds)), r => r.CpuMicrosPerDelivery, "µs of CPU per delivery");
        yield return new Scenario(
            "flat", $"{n:#,0} subscribers of a hub, 128 bytes, as fast as it goes", both,
            t => WithAsync(t, new Traffic(n, 128, 0, seconds)), r => r.DeliveriesPerSecond, "deliveries/s");
        yield return new Scenario(
            "small", "50 subscribers of a hub, 128 bytes, 2,000 messages/s", both,
            t => WithAsync(t, new Traffic(50, 128, 2000, seconds)), r => r.CpuMicrosPerDelivery, "µs of CPU per delivery");
        yield return new Scenario(
            "stalled", "200 subscribers of a hub, 4 kB, 100 messages/s, and 5 that never read", both,
            t => WithAsync(t, new Traffic(200, 4096, 100, Math.Max(seconds, 15), Stalled: 5)), r => r.P99Ms, "ms p99 of the healthy");
    }

    private static async Task<Result> WithAsync(Target target, Traffic load)
    {
        await using var server = await ServerProcess.StartAsync(target);
        // lets the compiler settle
        await (load with { Subscribers = Math.Min(load.Subscribers, 200), Rate = 0, Seconds = CompilerSeconds, Stalled = 0 })
            .RunAsync(target, [server]);
        return await load.RunAsync(target, [server]);
    }

    private static async Task<Result> IdleAsync(Target target, int connections)
    {
        const int First = 100; // so that pools and code are there before anything is counted
        await using var server = await ServerProcess.StartAsync(target);
        var clients = new List<WireClient>();
        try
        {
            var before = 0.0;
            for (var i = 0; i < connections; i++)
            {
                if (i == First) before = server.ResidentMb;
                clients.Add(await WireClient.ConnectAsync(server.Port, target.Subscribers[0], null));
            }
            await Task.Delay(TimeSpan.FromSeconds(5));
            return new Result(
                target.Name, 0, 0, 0, 0, 0, 0, clients.Count(c => c.IsClosed), (server.ResidentMb - before) * 1024 / (connections - First),
                0, 0);
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
        }
    }
}
