using System.Globalization;
using System.Net.WebSockets;
using Gateway.AspNetCore.Options;
using Gateway.Core.Connections;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Frames;

/// <summary>A client of a relay is in when it is told that its WebSocket is accepted: there is nothing else that could tell it.</summary>
public sealed class RelayEntryTests
{
    private const int Connects = 25;
    private const int Frames = 500;

    [Fact]
    public async Task NothingIsMissedFromTheAcceptanceOn()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await StartAsync(redis);
        await using var b = await StartAsync(redis);
        using var sender = await FrameClient.ConnectAsync(a.Server, "/relay");
        var echo = ReadAwayAsync(sender);

        for (var i = 0; i < Connects; i++)
        {
            using var fresh = await FrameClient.ConnectAsync(b.Server, "/relay");
            for (var frame = 0; frame < Frames; frame++) await sender.SendAsync(frame.ToString(CultureInfo.InvariantCulture));
            for (var frame = 0; frame < Frames; frame++)
                Assert.Equal(frame.ToString(CultureInfo.InvariantCulture), await fresh.ReadTextAsync());
            await fresh.CloseAsync();
            await Deadline.Until(() => b.Get<ConnectionTable>().Count == 0, "the relay on B is empty again");
        }

        await sender.CloseAsync();
        await echo;
    }

    [Fact]
    public async Task WithRedisAwayTheClientIsAcceptedAndToldToTryAgain()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var gateway = await StartAsync(redis);
        await redis.KillAsync();

        using var client = await FrameClient.ConnectAsync(gateway.Server, "/relay");

        Assert.Equal(1013, (await client.ClosedAsync()).Code);
    }

    private static Task<EmbeddedGateway> StartAsync(RedisServer redis) => EmbeddedGateway.StartAsync(options =>
    {
        options.Redis.Enabled = true;
        options.Redis.Connection = [redis.Address];
        options.Handlers = [new() { Path = "/relay", Handler = BuiltInHandler.Relay }];
        // the senders of this test are faster than a client on a busy machine reads
        (options.Outbox.Capacity, options.Outbox.MaxBytes) = (10_000, 10_000_000);
    });

    private static async Task ReadAwayAsync(FrameClient client)
    {
        try
        {
            while (await client.ReadAsync() != null)
            {
            }
        }
        catch (Exception over) when (
            over is WebSocketException or OperationCanceledException or ObjectDisposedException or TimeoutException)
        {
            // The test ends.
        }
    }
}
