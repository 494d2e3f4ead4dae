using System.Diagnostics.Metrics;
using System.Text;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Backplane;

/// <summary>After an outage a replica brings its members up to date at the pace of healthy clients: nobody is closed, and nobody misses anything.</summary>
public sealed class CatchUpPaceTests
{
    private const int Messages = 5000;
    private const int Step = 500;
    private const int Clients = 30;
    private static readonly Retention Kept = new(10_000, TimeSpan.FromHours(1));

    [Fact]
    public async Task HealthyClientsGetEverythingAfterAnOutageAndNobodyIsClosed()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var network = new NetworkProxy(redis.Port);
        await using var a = await StartAsync(redis.Address);
        await using var b = await StartAsync(network.Address);
        var members = new List<CountingClient>();
        for (var i = 0; i < Clients; i++) members.Add(await CountingClient.ConnectAsync(b.Server, signalR: i % 2 == 0, senders: 1));
        using var lagging = new CounterWatch("gateway_lagging_total");

        network.SilenceAll();
        await PublishAsync(a.Get<IBackplane>());
        Assert.All(members, m => Assert.Equal(0, m.Received));
        network.Heal();

        await Deadline.Until(() => members.All(m => m.Received >= Messages || m.Fault != null), "everyone has everything", TimeSpan.FromSeconds(90));
        Assert.All(members, m => Assert.Equal((Messages, null), (m.Received, m.Fault)));
        TestContext.Current.TestOutputHelper?.WriteLine($"{lagging.Count} members fell behind");
        foreach (var member in members) member.Dispose();
    }

    private static Task<EmbeddedGateway> StartAsync(string redis) => EmbeddedGateway.StartAsync(options =>
    {
        options.Redis.Enabled = true;
        options.Redis.Connection = [redis];
        options.Rooms.Defaults.History = Kept.Messages;
        options.Rooms.Defaults.HistoryTtl = Kept.Lifetime;
        options.Rooms.Defaults.Announce = false;
    });

    /// <summary>Of 64 bytes each.</summary>
    private static async Task PublishAsync(IBackplane backplane)
    {
        for (var next = 0; next < Messages; next += Step)
        {
            var published = Enumerable.Range(next, Step)
                .Select(i => backplane.PublishAsync(Audience.Room("crowd"), new Message("chat", Encoding.UTF8.GetBytes($"\"{$"#0:{i}#",-62}\"")), Kept).AsTask());
            await Task.WhenAll(published).Within("Redis has taken them", TimeSpan.FromSeconds(30));
        }
    }

    /// <summary>What a counter has been increased by, in this process.</summary>
    private sealed class CounterWatch : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _count;

        public CounterWatch(string name)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == name) listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _count, value));
            _listener.Start();
        }

        public long Count => Interlocked.Read(ref _count);

        public void Dispose() => _listener.Dispose();
    }
}
