using System.Text;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Backplane;

/// <summary>
/// After an outage a replica brings its members up to date at the pace of healthy clients: nobody is closed, and nobody misses anything.
/// </summary>
public sealed class CatchUpPaceTests
{
    private const int Missed = 2500;
    private const int Meanwhile = 500;
    private const int Size = 4096;
    private const int Clients = 3;
    // much less than Redis and the fan-out do, and a page in much less than the gateway waits for it
    private const double BytesPerSecond = 3e6;

    /// <summary>
    /// What may be on its way to the slowest member: its outbox, the sockets' buffers, and what follows while it stalls for seconds.
    /// </summary>
    private const int OnTheWay = 2000;

    private static readonly Retention Kept = new(10_000, TimeSpan.FromHours(1));

    [Fact]
    public async Task HealthyClientsGetEverythingAfterAnOutageAndNobodyFallsBehind()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var network = new NetworkProxy(redis.Port);
        await using var a = await StartAsync(redis.Address);
        await using var b = await StartAsync(network.Address);
        var members = new List<CountingClient>();
        for (var i = 0; i < Clients; i++)
            members.Add(await CountingClient.ConnectAsync(b.Server, signalR: i % 2 == 0, senders: 1, BytesPerSecond));

        network.SilenceAll();
        await PublishAsync(a.Get<IBackplane>(), 0, Missed, step: 100);
        Assert.All(members, m => Assert.Equal(0, m.Received));
        network.Heal(oldLinksToo: false); // or everything comes at once, live
        await Deadline.Until(() => members.Exists(m => m.Received > 0), "somebody hears what was missed", TimeSpan.FromSeconds(30));
        await PublishAsync(a.Get<IBackplane>(), Missed, Meanwhile, step: 20);
        TestContext.Current.TestOutputHelper?.WriteLine($"{members.Max(m => m.Received)} heard when all was sent");

        var ahead = 0L;
        await Deadline.Until(IsOver, "everyone has everything", TimeSpan.FromSeconds(60));
        Assert.All(members, m => Assert.Equal((Missed + Meanwhile, null), (m.Received, m.Fault)));
        TestContext.Current.TestOutputHelper?.WriteLine($"at most {ahead} messages were on their way to the slowest member");
        Assert.InRange(ahead, 1, OnTheWay); // all of them, within milliseconds, if catching up did not wait for the members
        foreach (var member in members) member.Dispose();

        bool IsOver()
        {
            ahead = Math.Max(ahead, b.Get<RoomTable>().Find("crowd")!.Position.Offset - members.Min(m => m.Received));
            return members.All(m => m.Received >= Missed + Meanwhile || m.Fault != null);
        }
    }

    private static Task<EmbeddedGateway> StartAsync(string redis) => EmbeddedGateway.StartAsync(options =>
    {
        options.Redis.Enabled = true;
        options.Redis.Connection = [redis];
        options.Rooms.Defaults.History = Kept.Messages;
        options.Rooms.Defaults.HistoryTtl = Kept.Lifetime;
        options.Rooms.Defaults.Announce = false;
    });

    private static async Task PublishAsync(IBackplane backplane, int first, int count, int step)
    {
        for (var next = first; next < first + count; next += step)
        {
            var published = Enumerable.Range(next, step)
                .Select(i => backplane.PublishAsync(Audience.Room("crowd"), new Message("chat", Payload(i)), Kept).AsTask());
            await Task.WhenAll(published).Within("Redis has taken them", TimeSpan.FromSeconds(30));
        }
    }

    private static byte[] Payload(int number) => Encoding.UTF8.GetBytes($"\"{$"#0:{number}#".PadRight(Size - 2)}\"");
}
