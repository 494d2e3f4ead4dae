using System.Text.Json;
using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;
using Gateway.Core.Tests.Broadcast;

namespace Gateway.Core.Tests.Presence;

/// <summary>
/// What every presence store does. It knows public types only: whoever has another one compiles this file and those that it names into
/// their tests.
/// </summary>
public abstract class PresenceSpec : IAsyncLifetime
{
    protected const string Quiet = "quiet";
    protected const string Team = "team";
    protected static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(600);

    private static readonly RoomPolicy Announced = new(
        ClientsPublish: true, Echo: true, Presence: true, Announce: true, SlowConsumerPolicy.Disconnect,
        new Retention(1000, TimeSpan.FromHours(1)));
    private readonly RecordingReceiver _told = new();

    internal PresenceUsers Users { get; } = new();

    private protected static RoomTable Rooms { get; } = new(
        new RoomPolicies(Announced, [(Quiet, Announced with { Announce = false })]), shards: 1);

    /// <summary>A presence store that tells <paramref name="told"/> of what happens in the room <see cref="Team"/>.</summary>
    internal abstract ValueTask<IPresenceStore> OpenAsync(TimeSpan grace, RecordingReceiver told);

    protected abstract ValueTask CloseAsync();

    public virtual ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        await CloseAsync().Bounded();
        Users.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task UserIsToldOnceAndListedOnceHoweverManyConnectionsItHas()
    {
        var presence = await OpenAsync(Grace, _told).Bounded();
        var (first, second) = (Users.Connect("ada", "Ada"), Users.Connect("ada", "Ada L."));

        await presence.AddAsync(Team, first).Bounded();
        await presence.AddAsync(Team, second).Bounded();
        await presence.RemoveAsync(Team, first, immediately: true).Bounded();
        await presence.AddAsync(Team, first).Bounded();

        var ada = Assert.Single(await presence.ListAsync(Team).Bounded());
        Assert.Equal(
            ("ada", "Ada L.", "online", first.ConnectedAt, 2), (ada.UserId, ada.Username, ada.Status, ada.ConnectedAt, ada.Connections));
        await AssertToldAsync(presence, "join ada");
        Assert.Equal([first.Id], _told.Arrived[0].Audience.Except);
    }

    [Fact]
    public async Task UserWhoWantsToLeaveIsGoneAtOnce()
    {
        var presence = await OpenAsync(TimeSpan.FromMinutes(1), _told).Bounded();
        var ada = Users.Connect("ada");
        await presence.AddAsync(Team, ada).Bounded();

        await presence.RemoveAsync(Team, ada, immediately: true).Bounded();

        Assert.Empty(await presence.ListAsync(Team).Bounded());
        await AssertToldAsync(presence, "join ada", "leave ada");
    }

    [Fact]
    public async Task UserWhoseConnectionIsLostIsListedUntilItsGraceIsOverAndThenToldAsGone()
    {
        var presence = await OpenAsync(Grace, _told).Bounded();
        var ada = Users.Connect("ada");
        await presence.AddAsync(Team, ada).Bounded();
        var left = TimeProvider.System.GetTimestamp();

        await presence.RemoveAsync(Team, ada, immediately: false).Bounded();

        var listed = Assert.Single(await presence.ListAsync(Team).Bounded());
        Assert.Equal(("ada", "ADA", ada.ConnectedAt, 0), (listed.UserId, listed.Username, listed.ConnectedAt, listed.Connections));
        await _told.HasAsync(2);
        Assert.InRange(TimeProvider.System.GetElapsedTime(left), Grace, Within.Deadline);
        Assert.Empty(await presence.ListAsync(Team).Bounded());
        await AssertToldAsync(presence, "join ada", "leave ada");
    }

    [Fact]
    public async Task UserWhoComesBackWithinItsGraceHasNotBeenGone()
    {
        var presence = await OpenAsync(Grace, _told).Bounded();
        var (ada, bob) = (Users.Connect("ada"), Users.Connect("bob"));
        await presence.AddAsync(Team, ada).Bounded();
        await presence.AddAsync(Team, bob).Bounded();

        await presence.RemoveAsync(Team, ada, immediately: false).Bounded();
        await presence.AddAsync(Team, Users.Connect("ada")).Bounded();
        await presence.RemoveAsync(Team, bob, immediately: false).Bounded();

        await _told.HasAsync(3); // bob, who left later, is gone: so ada would be
        Assert.Equal([("ada", 1)], (await presence.ListAsync(Team).Bounded()).Select(m => (m.UserId, m.Connections)));
        await AssertToldAsync(presence, "join ada", "join bob", "leave bob");
    }

    [Fact]
    public async Task WithoutGraceUserIsGoneWithItsLastConnection()
    {
        var presence = await OpenAsync(TimeSpan.Zero, _told).Bounded();
        var (one, two) = (Users.Connect("ada"), Users.Connect("ada"));
        await presence.AddAsync(Team, one).Bounded();
        await presence.AddAsync(Team, two).Bounded();

        await presence.RemoveAsync(Team, one, immediately: false).Bounded();
        Assert.Single(await presence.ListAsync(Team).Bounded());
        await presence.RemoveAsync(Team, two, immediately: false).Bounded();

        Assert.Empty(await presence.ListAsync(Team).Bounded());
        await AssertToldAsync(presence, "join ada", "leave ada");
    }

    [Fact]
    public async Task StatusThatWasSaidLastCounts()
    {
        var presence = await OpenAsync(Grace, _told).Bounded();
        var (one, two) = (Users.Connect("ada"), Users.Connect("ada"));
        await presence.AddAsync(Team, one).Bounded();
        await presence.AddAsync(Team, two).Bounded();

        two.SetStatus("busy");
        await presence.UpdateAsync(Team, two).Bounded();
        Users.Connect("bob"); // time goes by
        one.SetStatus("away");
        await presence.UpdateAsync(Team, one).Bounded();
        await presence.UpdateAsync(Team, Users.Connect("ada")).Bounded(); // is not in the room

        Assert.Equal([("away", 2)], (await presence.ListAsync(Team).Bounded()).Select(m => (m.Status, m.Connections)));
        await presence.RemoveAsync(Team, one, immediately: true).Bounded();
        Assert.Equal(["busy"], (await presence.ListAsync(Team).Bounded()).Select(m => m.Status));
    }

    [Fact]
    public async Task WhoCameFirstStandsFirstAndRoomsAreApart()
    {
        var presence = await OpenAsync(Grace, _told).Bounded();
        var (ada, bob, cyd) = (Users.Connect("ada"), Users.Connect("bob"), Users.Connect("cyd"));
        foreach (var connection in new[] { cyd, ada, bob }) await presence.AddAsync(Team, connection).Bounded();
        await presence.AddAsync(Quiet, bob).Bounded();

        Assert.Equal(["ada", "bob", "cyd"], (await presence.ListAsync(Team).Bounded()).Select(m => m.UserId));
        Assert.Equal(["bob"], (await presence.ListAsync(Quiet).Bounded()).Select(m => m.UserId));
        Assert.Empty(await presence.ListAsync("nobody").Bounded());
    }

    [Fact]
    public async Task RoomThatDoesNotAnnounceIsListedOnly()
    {
        var presence = await OpenAsync(TimeSpan.Zero, _told).Bounded();
        var (ada, bob) = (Users.Connect("ada"), Users.Connect("bob"));
        await presence.AddAsync(Quiet, ada).Bounded();
        await presence.AddAsync(Quiet, bob).Bounded();
        await presence.RemoveAsync(Quiet, ada, immediately: true).Bounded();

        Assert.Equal(["bob"], (await presence.ListAsync(Quiet).Bounded()).Select(m => m.UserId));
        await AssertToldAsync(presence);
    }

    [Fact]
    public async Task NamesComeBackAsTheyAre()
    {
        const string User = "zoë\u0001 \"/{}\\ 😀";
        var presence = await OpenAsync(TimeSpan.FromSeconds(1), _told).Bounded();
        var connection = Users.Connect(User, "Zoë \"{}[] 日本 \u0000");
        await presence.AddAsync(Team, connection).Bounded();
        await presence.AddAsync(Team, Users.Connect(User, "Zoë \"{}[] 日本 \u0000")).Bounded();
        await presence.RemoveAsync(Team, connection, immediately: false).Bounded();

        var listed = Assert.Single(await presence.ListAsync(Team).Bounded());
        Assert.Equal((User, "Zoë \"{}[] 日本 \u0000"), (listed.UserId, listed.Username));
    }

    /// <summary>
    /// Whatever meets whatever: to who listens, a user's joins and leaves take turns, and at the end those are present who are listed.
    /// </summary>
    [Fact]
    public async Task WhatIsToldIsWhatHappenedAlsoWhenManyComeAndGoAtOnce()
    {
        var presence = await OpenAsync(TimeSpan.FromMilliseconds(1), _told).Bounded();
        var users = Enumerable.Range(0, 5).Select(u => "user" + u).ToArray();

        var stayed = await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            var own = Users.Connect(users[worker % users.Length]);
            var isIn = false;
            for (var i = 0; i < 150; i++)
            {
                if (isIn) await presence.RemoveAsync(Team, own, immediately: random.Next(2) == 0);
                else await presence.AddAsync(Team, own);
                isIn = !isIn;
            }
            if (worker % 2 == 0) await presence.AddAsync(Team, own);
            return worker % 2 == 0 ? own.User.Id : null;
        }))).Bounded();

        var present = stayed.OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        await Within.Until(() => Present(ToldSoFar()).SequenceEqual(present), "those who stayed are present to who listens");
        Assert.Equal(present, (await presence.ListAsync(Team).Bounded()).Select(m => m.UserId).Order(StringComparer.Ordinal));
        AssertTurns(ToldSoFar());
    }

    /// <summary>What has been told, each <c>join ada</c> or <c>leave ada</c>.</summary>
    internal static List<string> ToldBy(RecordingReceiver receiver) => [.. receiver.Arrived.Select(a =>
    {
        using var payload = JsonDocument.Parse(a.Message.Payload);
        var (told, who) = (
            payload.RootElement.GetProperty("event").GetString(),
            payload.RootElement.TryGetProperty("user_id", out var user) ? user.GetString() : null);
        return told is "join" or "leave" ? $"{told} {who}" : null;
    }).OfType<string>()];

    /// <summary>This and nothing else has been told: one more user comes, whose joining would be the next.</summary>
    protected async Task AssertToldAsync(IPresenceStore presence, params string[] told)
    {
        await presence.AddAsync(Team, Users.Connect("fence")).Bounded();
        await _told.HasAsync(told.Length + 1);
        Assert.Equal([.. told, "join fence"], ToldSoFar());
    }

    /// <summary>Who is present to one who was told this.</summary>
    protected static IEnumerable<string> Present(IEnumerable<string> told) =>
        told.GroupBy(t => t.Split(' ')[1]).Where(
            user => user.Last().StartsWith("join", StringComparison.Ordinal)).Select(user => user.Key).Order(StringComparer.Ordinal);

    /// <summary>Each user's joins and leaves take turns.</summary>
    protected static void AssertTurns(IEnumerable<string> told) => Assert.All(told.GroupBy(t => t.Split(' ')[1]), ofUser =>
        Assert.Equal(ofUser.Select((_, i) => i % 2 == 0 ? "join" : "leave"), ofUser.Select(t => t.Split(' ')[0])));

    private List<string> ToldSoFar() => ToldBy(_told);
}
