using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using Gateway.Benchmarks.History;
using Gateway.Benchmarks.Load;

namespace Gateway.Benchmarks.Forwarding;

/// <summary>What clients without WebSockets cost, at the replica that owns their connections or at another one.</summary>
/// <param name="Micros">CPU of both replicas per delivery.</param>
internal sealed record ForwardingCost(double Micros, double P50, double P99, double RoundTripP50, long Missing, double Foreign)
{
    private const double MessagesPerSecond = 10;
    private const int Pings = 200;

    public static async Task<ForwardingCost> MeasureAsync(Transport transport, bool isForwarded, int clients, double seconds)
    {
        using var redis = await RedisProcess.StartAsync();
        var target = Targets.Raw([.. redis.Arguments, "--server:token_key=a key for the benchmark, no secret at all"]);
        await using var owner = await ServerProcess.StartAsync(target);
        await using var other = await ServerProcess.StartAsync(target);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false });
        var all = new List<FallbackClient>();
        try
        {
            await Task.Delay(1500); // the replicas know of one another
            for (var i = 0; i < clients; i++)
                all.Add(await FallbackClient.ConnectAsync(http, transport, owner.Port, isForwarded ? other.Port : owner.Port, "lobby"));
            using var publisher = new ClientWebSocket();
            await publisher.ConnectAsync(new Uri($"ws://127.0.0.1:{owner.Port}/ws?rooms=lobby"), default);
            await ArrivedAsync(all, await PublishAsync(publisher, 1) * clients); // warm
            foreach (var client in all) client.Forget();

            var (cpu, machine, began) = (owner.Cpu + other.Cpu, MachineLoad.Now(), Stopwatch.GetTimestamp());
            var expected = await PublishAsync(publisher, seconds) * clients;
            await ArrivedAsync(all, expected);
            var (used, elapsed) = (owner.Cpu + other.Cpu - cpu, Stopwatch.GetElapsedTime(began).TotalSeconds);
            var foreign = MachineLoad.Now().ForeignSince(machine, used, elapsed);
            var latencies = all.SelectMany(c => c.Latencies).Order().ToArray();
            var trips = new List<double>();
            for (var i = 0; i < Pings; i++) trips.Add(await all[i % all.Count].PingAsync());
            trips.Sort();
            return new ForwardingCost(
                used.TotalMicroseconds / latencies.Length, latencies[latencies.Length / 2], latencies[latencies.Length * 99 / 100],
                trips[Pings / 2], expected - latencies.Length, foreign);
        }
        finally
        {
            foreach (var client in all) await client.DisposeAsync();
        }
    }

    /// <summary>Waits for the last messages, if they come at all.</summary>
    private static async Task ArrivedAsync(List<FallbackClient> clients, long expected)
    {
        for (var i = 0; i < 200 && clients.Sum(c => c.Latencies.Count) < expected; i++) await Task.Delay(10);
    }

    /// <returns>How many.</returns>
    private static async Task<long> PublishAsync(ClientWebSocket publisher, double seconds)
    {
        var (began, sent) = (Stopwatch.GetTimestamp(), 0L);
        while (Stopwatch.GetElapsedTime(began).TotalSeconds is var now && now < seconds)
        {
            var due = sent / MessagesPerSecond;
            if (due > now) await Task.Delay(TimeSpan.FromSeconds(due - now));
            var text = $$$"""{"type":"chat","payload":{"content":"at={{{Stopwatch.GetTimestamp():D20}}}{{{new string('.', 105)}}}"}}""";
            await publisher.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, default);
            sent++;
        }
        return sent;
    }
}
