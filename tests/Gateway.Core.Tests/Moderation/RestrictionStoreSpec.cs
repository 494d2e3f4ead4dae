using Gateway.Core.Moderation;

namespace Gateway.Core.Tests.Moderation;

/// <summary>
/// What every keeper of restrictions does. It knows public types only: whoever has another one compiles this file into their tests.
/// </summary>
public abstract class RestrictionStoreSpec : IAsyncLifetime
{
    protected static readonly TimeSpan Long = TimeSpan.FromHours(1);

    private readonly List<Restriction> _imposed = [];

    protected abstract ValueTask<IRestrictionStore> OpenAsync();

    protected abstract ValueTask CloseAsync();

    public virtual ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        await CloseAsync().Bounded();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task WhatIsImposedHoldsUntilItIsLifted()
    {
        var restrictions = await StartAsync();
        var ban = Of(RestrictionKind.Ban, "ada", null, null);

        await restrictions.ImposeAsync(ban).Bounded();

        Assert.Equal(ban, restrictions.Find(RestrictionKind.Ban, "ada"));
        Assert.Equal([ban], _imposed);
        Assert.Null(restrictions.Find(RestrictionKind.Ban, "bob"));
        Assert.Null(restrictions.Find(RestrictionKind.Mute, "ada"));
        Assert.True(await restrictions.LiftAsync(RestrictionKind.Ban, "ada").Bounded());
        Assert.Null(restrictions.Find(RestrictionKind.Ban, "ada"));
        Assert.False(await restrictions.LiftAsync(RestrictionKind.Ban, "ada").Bounded());
    }

    [Fact]
    public async Task MuteInARoomAndTheOneEverywhereAreTwo()
    {
        var restrictions = await StartAsync();
        await restrictions.ImposeAsync(Of(RestrictionKind.Mute, "ada", "team", Long)).Bounded();
        await restrictions.ImposeAsync(Of(RestrictionKind.Mute, "ada", null, Long)).Bounded();
        await restrictions.ImposeAsync(Of(RestrictionKind.Mute, "ada", "lobby", Long)).Bounded();

        Assert.True(await restrictions.LiftAsync(RestrictionKind.Mute, "ada").Bounded());

        Assert.Null(restrictions.Find(RestrictionKind.Mute, "ada"));
        Assert.NotNull(restrictions.Find(RestrictionKind.Mute, "ada", "team"));
        Assert.NotNull(restrictions.Find(RestrictionKind.Mute, "ada", "lobby"));
        Assert.Null(restrictions.Find(RestrictionKind.Mute, "ada", "other"));
    }

    [Fact]
    public async Task NewerOneTakesThePlaceOfTheOlder()
    {
        var restrictions = await StartAsync();
        await restrictions.ImposeAsync(Of(RestrictionKind.Mute, "ada", "team", TimeSpan.FromMinutes(1))).Bounded();
        var longer = Of(RestrictionKind.Mute, "ada", "team", Long);

        await restrictions.ImposeAsync(longer).Bounded();

        Assert.Equal(longer, restrictions.Find(RestrictionKind.Mute, "ada", "team"));
        Assert.Equal(2, _imposed.Count);
    }

    [Fact]
    public async Task EndsByItselfWhenItsTimeIsOver()
    {
        var restrictions = await StartAsync();
        var began = TimeProvider.System.GetTimestamp();
        await restrictions.ImposeAsync(Of(RestrictionKind.Mute, "ada", null, TimeSpan.FromMilliseconds(700))).Bounded();
        var held = restrictions.Find(RestrictionKind.Mute, "ada") != null;
        Assert.True(held || TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMilliseconds(700));

        await Within.Until(() => restrictions.Find(RestrictionKind.Mute, "ada") == null, "it is over");

        Assert.False(await restrictions.LiftAsync(RestrictionKind.Mute, "ada").Bounded());
    }

    [Fact]
    public async Task UsersOfAnyNameAreKeptApart()
    {
        var restrictions = await StartAsync();
        foreach (
            var user in new[] { "a", "a:b", "1:a", "a}", "{a}", "", " ", "ä\n\"😀" }) await restrictions.ImposeAsync(
                Of(RestrictionKind.Mute, user, "b", Long)).Bounded();
        await restrictions.ImposeAsync(Of(RestrictionKind.Mute, "a", ":b", Long)).Bounded();

        Assert.True(await restrictions.LiftAsync(RestrictionKind.Mute, "a", "b").Bounded());

        foreach (var user in new[] { "a:b", "1:a", "a}", "{a}", "", " ", "ä\n\"😀" })
            Assert.Equal(
                user, restrictions.Find(RestrictionKind.Mute, user, "b")?.UserId);
        Assert.NotNull(restrictions.Find(RestrictionKind.Mute, "a", ":b"));
        Assert.Null(restrictions.Find(RestrictionKind.Mute, "a", "b"));
    }

    protected static Restriction Of(RestrictionKind kind, string user, string? room, TimeSpan? duration)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new Restriction(kind, user, room, now, now + duration);
    }

    private async Task<IRestrictionStore> StartAsync()
    {
        var restrictions = await OpenAsync().Bounded();
        restrictions.Imposed += _imposed.Add;
        return restrictions;
    }
}
