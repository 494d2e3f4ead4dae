using System.Text.Json;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Commands;

/// <summary>What a short question can make the gateway send is bounded: by pages, and by the rate limit.</summary>
public sealed class ReplyCostTests : IDisposable
{
    private readonly TestCore _core = new();

    public void Dispose() => _core.Dispose();

    [Fact]
    public async Task PresenceComesInPagesThatFollowOneAnotherAlsoWhenMembersLeave()
    {
        var asker = await _core.ConnectAsync(["r"], "asker");
        var members = new List<TestClient>();
        for (var i = 0; i < 120; i++)
        {
            _core.Time.Advance(TimeSpan.FromMilliseconds(i % 2)); // some come at the same moment
            members.Add(await _core.ConnectAsync(["r"], $"user{i:000}"));
        }

        var first = Read(await asker.DoAsync("presence", """{"room":"r"}"""));
        Assert.Equal((121, 100), (first.GetProperty("count").GetInt32(), first.GetProperty("members").GetArrayLength()));
        await members[98].DoAsync("leave", """{"room":"r"}"""); // the last one of the page
        _core.Time.Advance(PresenceReader.CacheDuration);
        var second = Read(
            await asker.DoAsync("presence", JsonSerializer.Serialize(new { room = "r", after = first.GetProperty("next").GetString() })));

        Assert.False(second.TryGetProperty("next", out _));
        Assert.Equal(
            ["asker", .. Enumerable.Range(0, 120).Select(i => $"user{i:000}")],
            Users(first).Concat(Users(second)).Order(StringComparer.Ordinal));
        Assert.Equal("""{"room":"r","count":120,"connections":120}""", await asker.DoAsync("presence", """{"room":"r","counts":true}"""));
        var few = Read(await asker.DoAsync("presence", """{"room":"r","limit":2}"""));
        Assert.Equal(
            (120, 2, true),
            (few.GetProperty("count").GetInt32(), few.GetProperty("members").GetArrayLength(), few.TryGetProperty("next", out _)));
    }

    [Theory]
    [InlineData("{\"room\":\"r\",\"limit\":0}", "400: limit must be a whole number from 1 to 1000")]
    [InlineData("{\"room\":\"r\",\"limit\":1001}", "400: limit must be a whole number from 1 to 1000")]
    [InlineData("{\"room\":\"r\",\"after\":\"ada\"}", "400: after must be the next of an earlier answer")]
    [InlineData("{\"room\":\"r\",\"counts\":1}", "400: counts must be true or false")]
    public async Task WrongPageIsRefused(string payload, string error)
    {
        var ada = await _core.ConnectAsync(["r"], "ada");
        Assert.Equal(error, await ada.FailAsync("presence", payload));
    }

    [Fact]
    public async Task LongAnswersAndReplaysCountAgainstTheRateLimit()
    {
        using var core = new TestCore(rateLimit: 20);
        var ada = await core.ConnectAsync(["r"], "ada");
        var epoch = core.Rooms.Find("r")!.Position.Epoch;
        for (var i = 0; i < 40; i++)
            await core.Publisher.PublishAsync(Audience.Room("r"), new Message("chat", Payload(16 * 1024))).Bounded();

        Assert.Equal(1, await CostAsync(core, ada, "presence", """{"room":"r"}"""));
        Assert.Equal(1 + (15 * 16 / 64), await CostAsync(core, ada, "history", """{"room":"r","limit":17}""")); // a page ends at 256 KiB
        var back = await core.ConnectAsync([], "bob");
        Assert.Equal(
            1 + (40 * 16 / 64), await CostAsync(core, back, "join", $$$"""{"room":"r","since":{"epoch":"{{{epoch}}}","offset":0}}"""));
    }

    [Fact]
    public async Task EveryoneWhoAsksWhileARoomIsReadSharesTheNextReading()
    {
        var presence = new SlowPresence();
        var reader = new PresenceReader(presence, _core.Time);
        var first = reader.ListAsync("r");
        var others = Enumerable.Range(0, 50).Select(_ => reader.ListAsync("r")).ToList();

        presence.Answer([Member("ada")]);
        Assert.Equal(["ada"], (await first.Bounded()).Select(m => m.UserId));
        await Within.Until(() => presence.Readings == 2, "one reading for all others");
        presence.Answer([Member("ada"), Member("bob")]);
        foreach (var other in others) Assert.Equal(2, (await other.Bounded()).Count);
        Assert.Equal(2, presence.Readings);
    }

    [Fact]
    public async Task ListOfALargeRoomIsReadOnceASecondAndThatOfASmallOneAlways()
    {
        var presence = new SlowPresence();
        var reader = new PresenceReader(presence, _core.Time);
        foreach (var (members, readings) in new[] { (PresenceReader.LargeRoom, 3), (PresenceReader.LargeRoom + 1, 4) })
        {
            for (var i = 0; i < 3; i++)
            {
                var list = reader.ListAsync("r");
                if (!list.IsCompleted) presence.Answer([.. Enumerable.Range(0, members).Select(m => Member("user" + m))]);
                Assert.Equal(members, (await list.Bounded()).Count);
            }
            Assert.Equal(readings, presence.Readings);
        }
        _core.Time.Advance(PresenceReader.CacheDuration);
        var later = reader.ListAsync("r");
        Assert.False(later.IsCompleted);
        presence.Fail(new BackplaneException("away"));
        await Assert.ThrowsAsync<BackplaneException>(() => later.Bounded());
    }

    /// <summary>How many messages of the limit a command took.</summary>
    private static async Task<int> CostAsync(TestCore core, TestClient client, string type, string payload)
    {
        core.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(core.Router.Admit(client.Connection));
        await client.DoAsync(type, payload);
        var left = 0;
        while (core.Router.Admit(client.Connection) == null) left++;
        return 20 - left;
    }

    private static byte[] Payload(int bytes) => JsonSerializer.SerializeToUtf8Bytes(new string('x', bytes));

    private static PresenceMember Member(string id) => new(id, id, null, "online", DateTimeOffset.UnixEpoch, 1);

    private static JsonElement Read(string json) => JsonDocument.Parse(json).RootElement;

    private static IEnumerable<string> Users(JsonElement page) =>
        page.GetProperty("members").EnumerateArray().Select(m => m.GetProperty("user_id").GetString()!);

    /// <summary>A presence store whose reads the test answers.</summary>
    private sealed class SlowPresence : IPresenceStore
    {
        public ValueTask<bool> ContainsAsync(string room, string userId) => throw new NotSupportedException();

        private volatile TaskCompletionSource<IReadOnlyList<PresenceMember>> _asked = new();
        private int _readings;

        public int Readings => Volatile.Read(ref _readings);

        public void Answer(IReadOnlyList<PresenceMember> members) => _asked.SetResult(members);

        public void Fail(Exception fault) => _asked.SetException(fault);

        public async ValueTask<IReadOnlyList<PresenceMember>> ListAsync(string room)
        {
            var asked = _asked = new TaskCompletionSource<IReadOnlyList<PresenceMember>>(
                TaskCreationOptions.RunContinuationsAsynchronously);
            Interlocked.Increment(ref _readings);
            return await asked.Task;
        }

        public ValueTask AddAsync(string room, Core.Connections.Connection connection) => default;

        public ValueTask RemoveAsync(string room, Core.Connections.Connection connection, bool atOnce) => default;

        public ValueTask UpdateAsync(string room, Core.Connections.Connection connection) => default;
    }
}
