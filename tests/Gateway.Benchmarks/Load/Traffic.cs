using System.Diagnostics;

namespace Gateway.Benchmarks.Load;

/// <summary>What one run of one scenario against one server showed.</summary>
internal sealed record Result(
    string Target, double DeliveriesPerSecond, double CpuMicrosPerDelivery, double P50Ms, double P99Ms, long Missing, long OutOfOrder,
    int Closed, double KbPerConnection, double GrownMb, double Foreign)
{
    /// <summary>Other processes used so much of a core meanwhile that the figures are doubtful.</summary>
    public bool IsNoisy => Foreign > 0.15;
}

/// <summary>Shapes of load.</summary>
/// <param name="Rate">Messages per second, sent when they are due; 0: as fast as a window of 32 messages allows.</param>
/// <param name="Stalled">Subscribers beside the others that never read.</param>
internal sealed record Traffic(int Subscribers, int Bytes, double Rate, double Seconds, int Stalled = 0)
{
    private const int Window = 32;
    private const double WarmUpSeconds = 2;

    public async Task<Result> RunAsync(Target target, IReadOnlyList<ServerProcess> servers)
    {
        var latencies = new Latencies();
        var clients = new List<WireClient>();
        for (var i = 0; i < Subscribers; i++)
            clients.Add(
                await WireClient.ConnectAsync(
                    servers[i % servers.Count].Port, target.Subscribers[i % target.Subscribers.Length], latencies.Add));
        var stalled = new List<WireClient>();
        for (var i = 0; i < Stalled; i++)
            stalled.Add(await WireClient.ConnectAsync(servers[0].Port, target.Subscribers[0], null, reads: false));
        using var publisher = await WireClient.ConnectAsync(servers[0].Port, target.Subscribers[0], null);
        try
        {
            await Task.Delay(300); // the last joins
            var resident = servers.Sum(s => s.ResidentMb);
            var numbers = await PublishAsync(target, publisher, clients, 0, WarmUpSeconds);
            latencies.Start();
            var (cpu, machine, began, counted) = (Cpu(servers), MachineLoad.Now(), WireClient.Now, clients.Sum(c => c.Received));
            numbers = await PublishAsync(target, publisher, clients, numbers, Seconds);
            var delivered = clients.Sum(c => c.Received) - counted;
            var elapsed = Stopwatch.GetElapsedTime(began).TotalSeconds;
            var used = Cpu(servers) - cpu;
            var foreign = MachineLoad.Now().ForeignSince(machine, used, elapsed);
            await DrainAsync(clients, numbers);
            return new Result(
                target.Name, delivered / elapsed, used.TotalMicroseconds / Math.Max(delivered, 1), latencies.Percentile(0.5),
                latencies.Percentile(0.99),
                clients.Sum(c => numbers - c.Received), clients.Sum(c => c.OutOfOrder), clients.Count(c => c.IsClosed), 0,
                servers.Sum(s => s.ResidentMb) - resident, foreign);
        }
        finally
        {
            foreach (var client in clients.Concat(stalled)) client.Dispose();
        }
    }

    private static TimeSpan Cpu(IReadOnlyList<ServerProcess> servers) => servers.Aggregate(TimeSpan.Zero, (sum, s) => sum + s.Cpu);

    /// <returns>The number of the last message.</returns>
    private async Task<long> PublishAsync(Target target, WireClient publisher, List<WireClient> clients, long number, double seconds)
    {
        var text = target.Subscribers[0].Publish;
        var began = WireClient.Now;
        var length = (long)(seconds * Stopwatch.Frequency);
        for (var sent = 0L; ;)
        {
            var now = WireClient.Now;
            if (now - began >= length) return number;
            var due = Rate > 0
                ? (long)((now - began) / (double)Stopwatch.Frequency * Rate) + 1 - sent
                : Window - (number - clients.Min(c => c.Received));
            for (var i = 0L; i < due; i++, sent++)
            {
                // At a rate, latency counts from when the message was due, so a sender that falls behind does not flatter the server.
                var time = Rate > 0 ? began + (long)(sent / Rate * Stopwatch.Frequency) : now;
                publisher.Send(WireClient.Stamp(text, time, ++number, Bytes));
            }
            if (due <= 0) await Task.Delay(Rate > 0 ? 1 : 0);
            if (Rate == 0) await Task.Yield();
        }
    }

    private static async Task DrainAsync(List<WireClient> clients, long numbers)
    {
        for (var i = 0; i < 500 && clients.Any(c => c.Received < numbers && !c.IsClosed); i++) await Task.Delay(10);
    }
}
