using System.Text.Json;

namespace Gateway.Core.Tests.Commands;

/// <summary>Coming back to a room with <c>since</c>: everything once, in order, or a reason why not.</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly TestCore _core = new();

    public void Dispose() => _core.Dispose();

    [Fact]
    public async Task WhatWasMissedComesFirstThenWhatIsNew()
    {
        var ada = await _core.ConnectAsync(["r"]);
        var epoch = await SayAsync(ada, 1, 5);
        var bob = await _core.ConnectAsync([]);

        var answer = await bob.DoAsync("join", Since("r", epoch, 2));
        await SayAsync(ada, 6, 7);

        Assert.Equal($$"""{"room":"r","epoch":"{{epoch}}","offset":5,"recovered":true,"replayed":3}""", answer);
        await bob.HasAsync("chat", 5);
        Assert.Equal([3, 4, 5, 6, 7], bob.OffsetsOf("chat"));
        await ada.HasAsync("chat", 7);
        Assert.Equal(ada.PayloadsOf("chat").Skip(2), bob.PayloadsOf("chat"));
    }

    [Fact]
    public async Task NothingMissedIsRecoveredToo()
    {
        var ada = await _core.ConnectAsync(["r"]);
        var epoch = await SayAsync(ada, 1, 2);
        var bob = await _core.ConnectAsync([]);

        Assert.EndsWith("\"offset\":2,\"recovered\":true,\"replayed\":0}", await bob.DoAsync("join", Since("r", epoch, 2)));
    }

    [Theory]
    [InlineData("other", 1, "epoch changed")]
    [InlineData(null, 5, "history too short")] // 50 of 60 are kept
    [InlineData(null, 15, "too many")] // 45 missed, 40 are allowed
    [InlineData(null, 61, "position unknown")]
    public async Task WhatCannotBeRecoveredIsSaid(string? epoch, long offset, string reason)
    {
        var ada = await _core.ConnectAsync(["r"]);
        var real = await SayAsync(ada, 1, 60);
        var bob = await _core.ConnectAsync([]);

        var answer = await bob.DoAsync("join", Since("r", epoch ?? real, offset));
        await SayAsync(ada, 61, 61);

        Assert.EndsWith($"\"offset\":60,\"recovered\":false,\"replayed\":0,\"reason\":\"{reason}\"}}", answer);
        await bob.HasAsync("chat", 1);
        Assert.Equal([61], bob.OffsetsOf("chat"));
    }

    [Fact]
    public async Task WhoIsInTheRoomAlreadyIsGivenWhatWasBeforeItEntered()
    {
        var ada = await _core.ConnectAsync(["r"]);
        var epoch = await SayAsync(ada, 1, 4);
        var bob = await _core.ConnectAsync(["r"]);
        await SayAsync(ada, 5, 5);
        await bob.HasAsync("chat", 1);

        Assert.Contains("\"recovered\":true,\"replayed\":2", await bob.DoAsync("join", Since("r", epoch, 2)), StringComparison.Ordinal);

        await bob.HasAsync("chat", 3);
        Assert.Equal([5, 3, 4], bob.OffsetsOf("chat"));
    }

    [Fact]
    public async Task ManyWhoComeAndGoMissNothingWhileOthersTalk()
    {
        const int Messages = 3000;
        var ada = await _core.ConnectAsync(["r"]);
        var epoch = await SayAsync(ada, 1, 1);
        var talking = Task.Run(() => SayAsync(ada, 2, Messages));
        var listeners = Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
        {
            var last = 1L;
            while (last < Messages)
            {
                var listener = await _core.ConnectAsync([], "listener" + n);
                var answer = JsonDocument.Parse(await listener.DoAsync("join", Since("r", epoch, last))).RootElement;
                if (!answer.GetProperty("recovered").GetBoolean())
                {
                    Assert.Contains(answer.GetProperty("reason").GetString(), (string[])["too many", "history too short"]);
                    last = answer.GetProperty("offset").GetInt64() - answer.GetProperty("replayed").GetInt64();
                }
                await Within.Until(() => listener.OffsetsOf("chat").Count >= Math.Min(5, Messages - last), "some messages");
                await _core.Lifecycle.OnDisconnectedAsync(listener.Connection).Bounded();
                await listener.Connection.Outbox.StopAsync(TimeSpan.FromSeconds(5)).Bounded();
                var heard = listener.OffsetsOf("chat");
                if (answer.GetProperty("recovered").GetBoolean())
                    Assert.Equal(Enumerable.Range(1, heard.Count).Select(i => last + i), heard);
                else Assert.Equal(Enumerable.Range(0, heard.Count).Select(i => heard[0] + i), heard);
                if (heard.Count > 0) last = heard[^1];
            }
        })).ToArray();

        await Task.WhenAll([talking, .. listeners]).Bounded();
    }

    [Theory]
    [InlineData("""{"room":"r","since":7}""", "400: since must be an object")]
    [InlineData("""{"room":"r","since":{"offset":7}}""", "400: since.epoch is missing")]
    [InlineData("""{"room":"r","since":{"epoch":"","offset":7}}""", "400: since.epoch must not be empty")]
    [InlineData("""{"room":"r","since":{"epoch":"e"}}""", "400: since.offset is missing")]
    [InlineData("""{"room":"r","since":{"epoch":"e","offset":-1}}""", "400: since.offset must be a whole number of at least 0")]
    [InlineData("""{"room":"r","since":{"epoch":"e","offset":1.5}}""", "400: since.offset must be a whole number of at least 0")]
    [InlineData("""{"room":"r","since":{"epoch":"e","offset":"1"}}""", "400: since.offset must be a whole number of at least 0")]
    public async Task WrongPlaceIsRefused(string payload, string error)
    {
        var ada = await _core.ConnectAsync([]);

        Assert.Equal(error, await ada.FailAsync("join", payload));
    }

    private static string Since(string room, string epoch, long offset) =>
        $$$"""{"room":"{{{room}}}","since":{"epoch":"{{{epoch}}}","offset":{{{offset}}}}}""";

    /// <returns>The room's epoch.</returns>
    private async Task<string> SayAsync(TestClient client, int from, int to)
    {
        for (var i = from; i <= to; i++) await client.DoAsync("chat", $$"""{"room":"r","content":"{{i}}"}""");
        return _core.Rooms.Find("r")!.Position.Epoch;
    }
}
