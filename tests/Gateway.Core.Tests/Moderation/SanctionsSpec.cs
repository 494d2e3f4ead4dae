using Gateway.Core.Moderation;
using Xunit;

namespace Gateway.Core.Tests.Moderation;

/// <summary>What every keeper of sanctions does. It knows public types only: whoever has another one compiles this file into their tests.</summary>
public abstract class SanctionsSpec : IAsyncLifetime
{
    protected static readonly TimeSpan Long = TimeSpan.FromHours(1);

    private readonly List<Sanction> _imposed = [];

    protected abstract ValueTask<ISanctions> OpenAsync();

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
        var sanctions = await StartAsync();
        var ban = Of(SanctionKind.Ban, "ada", null, null);

        await sanctions.ImposeAsync(ban).Bounded();

        Assert.Equal(ban, sanctions.Find(SanctionKind.Ban, "ada"));
        Assert.Equal([ban], _imposed);
        Assert.Null(sanctions.Find(SanctionKind.Ban, "bob"));
        Assert.Null(sanctions.Find(SanctionKind.Mute, "ada"));
        Assert.True(await sanctions.LiftAsync(SanctionKind.Ban, "ada").Bounded());
        Assert.Null(sanctions.Find(SanctionKind.Ban, "ada"));
        Assert.False(await sanctions.LiftAsync(SanctionKind.Ban, "ada").Bounded());
    }

    [Fact]
    public async Task MuteInARoomAndTheOneEverywhereAreTwo()
    {
        var sanctions = await StartAsync();
        await sanctions.ImposeAsync(Of(SanctionKind.Mute, "ada", "team", Long)).Bounded();
        await sanctions.ImposeAsync(Of(SanctionKind.Mute, "ada", null, Long)).Bounded();
        await sanctions.ImposeAsync(Of(SanctionKind.Mute, "ada", "lobby", Long)).Bounded();

        Assert.True(await sanctions.LiftAsync(SanctionKind.Mute, "ada").Bounded());

        Assert.Null(sanctions.Find(SanctionKind.Mute, "ada"));
        Assert.NotNull(sanctions.Find(SanctionKind.Mute, "ada", "team"));
        Assert.NotNull(sanctions.Find(SanctionKind.Mute, "ada", "lobby"));
        Assert.Null(sanctions.Find(SanctionKind.Mute, "ada", "other"));
    }

    [Fact]
    public async Task NewerOneTakesThePlaceOfTheOlder()
    {
        var sanctions = await StartAsync();
        await sanctions.ImposeAsync(Of(SanctionKind.Mute, "ada", "team", TimeSpan.FromMinutes(1))).Bounded();
        var longer = Of(SanctionKind.Mute, "ada", "team", Long);

        await sanctions.ImposeAsync(longer).Bounded();

        Assert.Equal(longer, sanctions.Find(SanctionKind.Mute, "ada", "team"));
        Assert.Equal(2, _imposed.Count);
    }

    [Fact]
    public async Task EndsByItselfWhenItsTimeIsOver()
    {
        var sanctions = await StartAsync();
        var began = TimeProvider.System.GetTimestamp();
        await sanctions.ImposeAsync(Of(SanctionKind.Mute, "ada", null, TimeSpan.FromMilliseconds(700))).Bounded();
        var held = sanctions.Find(SanctionKind.Mute, "ada") != null;
        Assert.True(held || TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMilliseconds(700));

        await Within.Until(() => sanctions.Find(SanctionKind.Mute, "ada") == null, "it is over");

        Assert.False(await sanctions.LiftAsync(SanctionKind.Mute, "ada").Bounded());
    }

    [Fact]
    public async Task UsersOfAnyNameAreKeptApart()
    {
        var sanctions = await StartAsync();
        foreach (var user in new[] { "a", "a:b", "1:a", "a}", "{a}", "", " ", "ä\n\"😀" }) await sanctions.ImposeAsync(Of(SanctionKind.Mute, user, "b", Long)).Bounded();
        await sanctions.ImposeAsync(Of(SanctionKind.Mute, "a", ":b", Long)).Bounded();

        Assert.True(await sanctions.LiftAsync(SanctionKind.Mute, "a", "b").Bounded());

        foreach (var user in new[] { "a:b", "1:a", "a}", "{a}", "", " ", "ä\n\"😀" }) Assert.Equal(user, sanctions.Find(SanctionKind.Mute, user, "b")?.UserId);
        Assert.NotNull(sanctions.Find(SanctionKind.Mute, "a", ":b"));
        Assert.Null(sanctions.Find(SanctionKind.Mute, "a", "b"));
    }

    protected static Sanction Of(SanctionKind kind, string user, string? room, TimeSpan? duration)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new Sanction(kind, user, room, now, now + duration);
    }

    private async Task<ISanctions> StartAsync()
    {
        var sanctions = await OpenAsync().Bounded();
        sanctions.Imposed += _imposed.Add;
        return sanctions;
    }
}
