using System.Diagnostics;
using Gateway.Benchmarks.Load;
using Dialect = Gateway.Benchmarks.Load.Dialect;

namespace Gateway.Benchmarks.History;

/// <summary>Clients that come back all at once, each for the messages that it missed.</summary>
/// <param name="ConnectSeconds">Until the last is connected; they are, before any asks for what it missed.</param>
/// <param name="Seconds">From the first question until the last has everything.</param>
/// <param name="CpuMicros">Of the replicas, per message handed out again.</param>
internal sealed record ResumeCost(double ConnectSeconds, double Seconds, double CpuMicros, double RedisCalls, long Missing, double Foreign)
{
    private const int Bytes = 128;
    private const string Room = "room-r";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<ResumeCost> MeasureAsync(int count, int missed, bool withRedis)
    {
        using var redis = withRedis ? await RedisProcess.StartAsync() : null;
        // announced joins would push what was missed out of the history
        var target = Targets.Raw([$"--rooms:defaults:history={missed}", "--rooms:defaults:announce=false", .. redis?.Arguments ?? []]);
        var servers = new List<ServerProcess>();
        var clients = new List<WireClient>();
        try
        {
            for (var i = 0; i < (withRedis ? 2 : 1); i++) servers.Add(await ServerProcess.StartAsync(target));
            await using var probe = await Probe.EnterAsync(servers[0].Port, Room);
            await ResumeAsync(servers, clients, probe, 50, 0); // lets the compiler settle
            await probe.PublishAsync(missed, Bytes);
            foreach (var client in clients) client.Dispose();
            clients.Clear();
            if (redis != null) await redis.ForgetCallsAsync();
            return await ResumeAsync(servers, clients, probe, count, missed, redis);
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
            foreach (var server in servers) await server.DisposeAsync();
        }
    }

    private static async Task<ResumeCost> ResumeAsync(
        List<ServerProcess> servers, List<WireClient> clients, Probe probe, int count, int missed, RedisProcess? redis = null)
    {
        Dialect[] dialects = [new("/ws?rooms=", false, ""), new("/hub?rooms=", true, "")];
        var began = WireClient.Now;
        for (var i = 0; i < count; i++)
            clients.Add(await WireClient.ConnectAsync(servers[i % servers.Count].Port, dialects[i / servers.Count % 2], null));
        var connected = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await Task.Delay(300); // the last welcomes
        var payload = $$$"""{"room":"{{{Room}}}","since":{"epoch":"{{{probe.Since.Epoch}}}","offset":{{{probe.Since.Offset}}}}}""";
        var (cpu, machine) = (servers.Select(s => s.Cpu).ToList(), MachineLoad.Now());
        began = WireClient.Now;
        for (var i = 0; i < count; i++)
            clients[i].Send(
                i / servers.Count % 2 == 0
                    ? $$$"""{"type":"join","payload":{{{payload}}}}"""
                    : $$$"""{"type":1,"target":"Join","arguments":[{{{payload}}}]}""" + "\u001e");
        while (clients.Exists(c => c.Received < missed && !c.IsClosed) && Stopwatch.GetElapsedTime(began) < Patience) await Task.Delay(1);
        var elapsed = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var used = servers.Select((s, i) => s.Cpu - cpu[i]).Aggregate(TimeSpan.Zero, (sum, s) => sum + s);
        var calls = redis == null ? 0 : (await redis.CallsAsync()).Values.Sum();
        return new ResumeCost(connected, elapsed, used.TotalMicroseconds / Math.Max(1, (double)count * missed), (double)calls / count,
            clients.Sum(c => missed - c.Received) + clients.Sum(c => c.OutOfOrder), MachineLoad.Now().ForeignSince(machine, used, elapsed));
    }
}
