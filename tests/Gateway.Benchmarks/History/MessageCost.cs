using System.Diagnostics;
using Gateway.Benchmarks.Load;
using Dialect = Gateway.Benchmarks.Load.Dialect;

namespace Gateway.Benchmarks.History;

/// <summary>
/// What one message costs while as many go through as the server takes: every client is alone in its room and hears only itself.
/// </summary>
/// <param name="Calls">Redis commands per message, by name.</param>
internal sealed record MessageCost(
    double MessagesPerSecond, double ServerMicros, double RedisMicros, IReadOnlyDictionary<string, double> Calls, double Foreign)
{
    private const int Clients = 16;
    private const int Window = 16;
    private const int Bytes = 128;
    private const double WarmUpSeconds = 2;

    public static async Task<MessageCost> MeasureAsync(int history, bool withRedis, double seconds)
    {
        using var redis = withRedis ? await RedisProcess.StartAsync() : null;
        var target = Targets.Raw([$"--rooms:defaults:history={history}", .. redis?.Arguments ?? []]);
        await using var server = await ServerProcess.StartAsync(target);
        var clients = new List<(WireClient Client, string Text)>();
        try
        {
            for (var i = 0; i < Clients; i++)
            {
                var dialect = new Dialect(
                    $"/ws?rooms=room-{i}", false, $$$"""{"type":"chat","payload":{"room":"room-{{{i}}}","content":"%P"}}""");
                clients.Add((await WireClient.ConnectAsync(server.Port, dialect, null), dialect.Publish));
            }
            await Task.Delay(300); // the last joins
            var sent = new long[Clients];
            await SendAsync(clients, sent, WarmUpSeconds);
            if (redis != null) await redis.ForgetCallsAsync();
            var (cpu, redisCpu, machine, began, counted) = (
                server.Cpu, redis?.Cpu ?? default, MachineLoad.Now(), WireClient.Now, sent.Sum());
            await SendAsync(clients, sent, seconds);
            var (elapsed, messages) = (Stopwatch.GetElapsedTime(began).TotalSeconds, (double)(sent.Sum() - counted));
            var (used, redisUsed) = (server.Cpu - cpu, (redis?.Cpu ?? default) - redisCpu);
            var foreign = MachineLoad.Now().ForeignSince(machine, used + redisUsed, elapsed);
            var calls = redis == null ? new Dictionary<string, long>() : await redis.CallsAsync();
            return new MessageCost(messages / elapsed, used.TotalMicroseconds / messages, redisUsed.TotalMicroseconds / messages,
                calls.ToDictionary(c => c.Key, c => c.Value / messages), foreign);
        }
        finally
        {
            foreach (var (client, _) in clients) client.Dispose();
        }
    }

    /// <summary>Ends when everything that was sent has come back.</summary>
    private static async Task SendAsync(List<(WireClient Client, string Text)> clients, long[] sent, double seconds)
    {
        var began = WireClient.Now;
        var isOver = false;
        while (!isOver || clients.Where((c, i) => c.Client.Received < sent[i]).Any())
        {
            isOver = Stopwatch.GetElapsedTime(began).TotalSeconds >= seconds;
            if (clients.Find(c => c.Client.IsClosed).Client is not null) throw new IOException("the server closed a connection");
            if (Stopwatch.GetElapsedTime(began).TotalSeconds > seconds + 20) throw new TimeoutException("messages did not come back");
            var isIdle = true;
            for (var i = 0; i < clients.Count && !isOver; i++)
            {
                for (; sent[i] - clients[i].Client.Received < Window; isIdle = false)
                    clients[i].Client.Send(WireClient.Stamp(clients[i].Text, WireClient.Now, ++sent[i], Bytes));
            }
            if (isIdle) await Task.Delay(1);
            else await Task.Yield();
        }
    }
}
