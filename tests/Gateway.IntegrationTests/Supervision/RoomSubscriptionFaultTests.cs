using System.Globalization;
using System.Text;
using Gateway.Core.Messages;
using Gateway.Core.Tests;
using Gateway.Core.Tests.Broadcast;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Supervision;

/// <summary>
/// What stands in Redis is not what it should be: members are told what they miss, the room goes on, and Redis is not kept busy.
/// </summary>
public sealed class RoomSubscriptionFaultTests : IAsyncLifetime
{
    private static readonly Audience Room = Audience.Room("r");
    private static readonly Retention Kept = new(100, TimeSpan.FromHours(1));

    private readonly RecordingReceiver _receiver = new();
    private RedisServer _redis = null!;
    private RedisReplica _replica = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _replica = await RedisReplica.OpenAsync([_redis.Address], _receiver);
        await _replica.Backplane.SubscribeAsync(Room, Kept).Bounded();
    }

    public async ValueTask DisposeAsync()
    {
        await _replica.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(9_007_199_254_740_993)]
    [InlineData(long.MaxValue)]
    public async Task ForgedOffsetCostsAFewCommandsAndTheRoomGoesOn(long offset)
    {
        var epoch = await PublishAsync("before");
        // not a frame: passed over
        await _redis.CommandAsync($"PUBLISH gw:{{r}}:messages {epoch}:{offset.ToString(CultureInfo.InvariantCulture)}:x");
        await _redis.CommandAsync($"PUBLISH gw:{{r}}:messages \"{epoch}:{offset.ToString(CultureInfo.InvariantCulture)}:{Frame()}\"");
        var began = await CommandsAsync();

        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken); // measures
        var commands = await CommandsAsync() - began;
        await PublishAsync("after");

        await Within.Until(() => Texts().Contains("after"), "the room goes on");
        Assert.InRange(commands, 0, 200);
    }

    [Theory]
    [InlineData("XADD gw:{r}:history 2-0 t 1 m \"\\x02\\x01of another version\"")]
    [InlineData("XADD gw:{r}:history 2-0 t 9999999999999 m \"\\x02\\x01of another version\"")]
    [InlineData("XADD gw:{r}:history 2-0 t 9999999999999 m x")]
    [InlineData("XADD gw:{r}:history 2-0 nonsense nonsense")]
    public async Task EntryThatCannotBeReadIsToldAsAGapAndTheRoomGoesOn(string unreadable)
    {
        await PublishAsync("one");
        await _redis.CommandAsync(unreadable);
        await _redis.CommandAsync("HINCRBY gw:{r}:position offset 1"); // and it was not heard of

        await PublishAsync("three");
        await PublishAsync("four");

        await Within.Until(() => Texts().Contains("four"), "the room goes on");
        Assert.Equal(["one", "gap 2-2", "three", "four"], Texts());
    }

    [Fact]
    public async Task WhileTheFanOutIsBehindOtherMessagesOfTheSameConnectionAreHeard()
    {
        var behind = new TaskCompletionSource();
        _receiver.Ready = behind.Task;
        for (var i = 0; i < 10; i++) await PublishAsync("waits " + i);

        // A subscription stands when its confirmation has come, behind all that was sent before it.
        await _replica.Backplane.SubscribeAsync(Audience.Room("other"), Kept).Bounded();
        Assert.Empty(_receiver.Arrived);
        behind.SetResult();

        await Within.Until(() => Texts().Count == 10, "all come when it has caught up");
        Assert.Equal(Enumerable.Range(0, 10).Select(i => "waits " + i), Texts());
    }

    [Fact]
    public async Task AfterAnOutageOnePageIsDeliveredAtATimeWhenTheMembersHaveTakenTheOneBefore()
    {
        await using var network = new NetworkProxy(_redis.Port);
        var taken = new TaskCompletionSource();
        var deaf = new RecordingReceiver { Taken = taken.Task };
        await using var replica = await RedisReplica.OpenAsync([network.Address], deaf);
        await replica.Backplane.SubscribeAsync(Room, Kept).Bounded();
        network.SilenceAll();
        for (var i = 0; i < 90; i++) await PublishAsync("missed " + i);

        network.Heal(oldLinksToo: false);

        await Deadline.Until(() => deaf.AskedForTaken > 0, "the first page is delivered", TimeSpan.FromSeconds(30));
        Assert.Equal(64, deaf.Arrived.Count);
        taken.SetResult();
        await Deadline.Until(() => deaf.Arrived.Count == 90, "the rest follows", TimeSpan.FromSeconds(30));
    }

    private static string Frame() => string.Concat(
        Gateway.Core.Wire.BackplaneFrame.WriteMessage(Room, new Message("chat", "\"forged\""u8.ToArray())).Select(b => $"\\x{b:x2}"));

    private List<string> Texts() => [.. _receiver.Arrived.Select(a => a.Message.Type == "system"
        ? a.Message.Json("event") + " " + a.Message.Json("from") + "-" + a.Message.Json("to")
        : Encoding.UTF8.GetString(a.Message.Payload.Span).Trim('"'))];

    private async Task<string> PublishAsync(string text) =>
        (await _replica.Backplane.PublishAsync(Room, new Message("chat", Encoding.UTF8.GetBytes($"\"{text}\"")), Kept).Bounded())
            .Position.Epoch;

    private async Task<long> CommandsAsync()
    {
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(System.Net.IPAddress.Loopback, _redis.Port);
        using var stream = client.GetStream();
        await stream.WriteAsync("INFO stats\r\n"u8.ToArray());
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync().Within("INFO") is { } line)
            if (line.StartsWith("total_commands_processed:", StringComparison.Ordinal))
                return long.Parse(line.Split(':')[1], CultureInfo.InvariantCulture);
        throw new InvalidOperationException("no such line");
    }
}

internal static class MessageJson
{
    public static string? Json(this Message message, string property) =>
        System.Text.Json.JsonDocument.Parse(message.Payload).RootElement.TryGetProperty(property, out var value) ? value.ToString() : null;
}
