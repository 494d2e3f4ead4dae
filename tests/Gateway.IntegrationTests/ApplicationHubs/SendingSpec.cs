using Gateway.Testing;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.IntegrationTests.ApplicationHubs;

/// <summary>Who hears what: all, connections and users, and all but some, on whichever server they are.</summary>
public abstract class SendingSpec(HubServers servers)
{
    private HubLifetimeManager<AnyHub> Manager => servers.Here.Manager;

    [Fact]
    public async Task AllHearWhatIsSentToAll()
    {
        await using var near = await servers.Here.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();

        await Manager.SendAllAsync("hear", ["all"]).Within("the sending");

        await near.HearsTextsAsync("all");
        await far.HearsTextsAsync("all");
    }

    [Fact]
    public async Task ArgumentsArriveAsTheyWereSent()
    {
        await using var near = await servers.Here.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();

        await Manager.SendAllAsync("Nothing", []).Within("the sending");
        await Manager.SendAllAsync("moved", [1, null, "<ü> 😀 \"", new { Deep = new[] { 1.5, 2 } }]).Within("the sending");
        await Manager.SendAllAsync("a list", [new[] { 1, 2 }]).Within("the sending");

        foreach (var client in new[] { near, far })
        {
            await client.HearsAsync("Nothing");
            var moved = await client.NextAsync();
            Assert.Equal("moved", moved.Target);
            Assert.Equal(["1", "null"], moved.Arguments[..2]);
            Assert.Equal("<ü> 😀 \"", System.Text.Json.JsonSerializer.Deserialize<string>(moved.Arguments[2]));
            Assert.Equal("""{"deep":[1.5,2]}""", moved.Arguments[3]);
            await client.HearsAsync("a list", "[1,2]");
        }
    }

    [Fact]
    public async Task MessageHasNoIdThatAsksForAnAnswer()
    {
        await using var far = await servers.There.ConnectAsync();

        await Manager.SendConnectionAsync(far.Id, "hear", ["one"]).Within("the sending");

        Assert.Null((await far.NextAsync()).Id);
    }

    [Fact]
    public async Task AllButTheExcludedHear()
    {
        await using var near = await servers.Here.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();
        await using var other = await servers.There.ConnectAsync();

        await Manager.SendAllExceptAsync("hear", ["some"], [far.Id, "nobody"]).Within("the sending");
        await Manager.SendAllExceptAsync("hear", ["the others"], [near.Id, other.Id]).Within("the sending");
        await Manager.SendAllExceptAsync("hear", ["all"], []).Within("the sending");

        await near.HearsTextsAsync("some", "all");
        await other.HearsTextsAsync("some", "all");
        await far.HearsTextsAsync("the others", "all");
    }

    [Fact]
    public async Task OneConnectionHearsWhatIsSentToIt()
    {
        await using var near = await servers.Here.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();

        await Manager.SendConnectionAsync(far.Id, "hear", ["far"]).Within("the sending");
        await Manager.SendConnectionAsync(near.Id, "hear", ["near"]).Within("the sending");

        await far.HearsTextsAsync("far");
        await near.HearsTextsAsync("near");
    }

    [Fact]
    public async Task NamedConnectionsHear()
    {
        await using var near = await servers.Here.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();
        await using var other = await servers.There.ConnectAsync();

        await Manager.SendConnectionsAsync([near.Id, "nobody", far.Id], "hear", ["two"]).Within("the sending");
        await Manager.SendConnectionsAsync([], "hear", ["none"]).Within("the sending");
        await Manager.SendConnectionsAsync([near.Id, far.Id, other.Id], "hear", ["three"]).Within("the sending");

        await near.HearsTextsAsync("two", "three");
        await far.HearsTextsAsync("two", "three");
        await other.HearsTextsAsync("three");
    }

    [Fact]
    public async Task SendingToAConnectionThatIsNotThereDoesNothing() =>
        await Manager.SendConnectionAsync("nobody", "hear", ["?"]).Within("the sending");

    [Fact]
    public async Task WhoLeftHearsNothing()
    {
        await using var near = await servers.Here.ConnectAsync("leaver");
        await using var far = await servers.There.ConnectAsync("leaver");
        await using var stays = await servers.There.ConnectAsync("leaver");
        await near.LeaveAsync();
        await far.LeaveAsync();

        await Manager.SendConnectionAsync(far.Id, "hear", ["?"]).Within("the sending");
        await Manager.SendConnectionAsync(near.Id, "hear", ["?"]).Within("the sending");
        await Manager.SendUserAsync("leaver", "hear", ["user"]).Within("the sending");
        await Manager.SendAllAsync("hear", ["all"]).Within("the sending");

        var heard = new[] { await stays.NextAsync(), await stays.NextAsync() };
        Assert.Equal(["\"all\"", "\"user\""], heard.SelectMany(h => h.Arguments).Order(StringComparer.Ordinal));
        await near.DisposeAsync();
        await far.DisposeAsync();
        Assert.False(near.HasHeard);
        Assert.False(far.HasHeard);
    }

    [Fact]
    public async Task EachConnectionOfAUserHears()
    {
        await using var near = await servers.Here.ConnectAsync("ada");
        await using var far = await servers.There.ConnectAsync("ada");
        await using var second = await servers.There.ConnectAsync("ada");
        await using var other = await servers.There.ConnectAsync("bob");
        await using var without = await servers.There.ConnectAsync();

        await Manager.SendUserAsync("ada", "hear", ["ada"]).Within("the sending");
        await Manager.SendAllAsync("all", []).Within("the sending");

        foreach (var client in new[] { near, far, second })
            Assert.Equal(["all", "hear"],
                new[] { (await client.NextAsync()).Target, (await client.NextAsync()).Target }.Order(StringComparer.Ordinal));
        await other.HearsAsync("all");
        await without.HearsAsync("all");
    }

    [Fact]
    public async Task UserHearsUntilTheirLastConnectionLeft()
    {
        await using var near = await servers.Here.ConnectAsync("cleo");
        await using var far = await servers.There.ConnectAsync("cleo");
        await using var second = await servers.There.ConnectAsync("cleo");
        await far.LeaveAsync();

        await Manager.SendUserAsync("cleo", "hear", ["still there"]).Within("the sending");

        await near.HearsTextsAsync("still there");
        await second.HearsTextsAsync("still there");
        await near.LeaveAsync();
        await second.LeaveAsync();
        await using var again = await servers.There.ConnectAsync("cleo");

        await Manager.SendUserAsync("cleo", "hear", ["back"]).Within("the sending");

        await again.HearsTextsAsync("back");
    }

    [Fact]
    public async Task NamedUsersHear()
    {
        await using var ada = await servers.Here.ConnectAsync("ada");
        await using var bob = await servers.There.ConnectAsync("bob");
        await using var eve = await servers.There.ConnectAsync("eve");

        await Manager.SendUsersAsync(["ada", "nobody", "bob"], "hear", ["two"]).Within("the sending");
        await Manager.SendUsersAsync(["eve"], "hear", ["eve"]).Within("the sending");

        await ada.HearsTextsAsync("two");
        await bob.HearsTextsAsync("two");
        await eve.HearsTextsAsync("eve");
    }

    [Fact]
    public async Task UsersIdsAreComparedAsTheyAre()
    {
        string[] ids = ["Dora", "dora", "dora ", "*", "d*", "}x", "u:1", "日本 😀", new string('u', 2000), "e\u0301", "\u00e9"];
        var clients = await Task.WhenAll(ids.Select(id => servers.There.ConnectAsync(id)));

        for (var i = 0; i < ids.Length; i++) await Manager.SendUserAsync(ids[i], "hear", [$"{i}"]).Within("the sending");
        for (var i = 0; i < ids.Length; i++) await Manager.SendUserAsync(ids[i], "hear", ["end"]).Within("the sending");

        for (var i = 0; i < ids.Length; i++) await clients[i].HearsTextsAsync($"{i}", "end");
        foreach (var client in clients) await client.DisposeAsync();
    }

    [Fact]
    public async Task MessagesArriveInTheOrderInWhichTheyWereSent()
    {
        await using var near = await servers.Here.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();
        var texts = Enumerable.Range(0, 200).Select(i => $"{i}").ToArray();

        foreach (var text in texts) await Manager.SendAllAsync("hear", [text]).Within("the sending");

        await near.HearsTextsAsync(texts);
        await far.HearsTextsAsync(texts);
    }

    [Theory]
    [InlineData("all")]
    [InlineData("group")]
    [InlineData("user")]
    [InlineData("connection")]
    public async Task BurstArrivesWholeAndInItsOrder(string audience)
    {
        await using var far = await servers.There.ConnectAsync("reader");
        await Manager.AddToGroupAsync(far.Id, "readers").Within("the addition");
        var texts = Enumerable.Range(0, 3000).Select(i => $"{i}").ToArray();

        foreach (var text in texts)
        {
            await (audience switch
            {
                "all" => Manager.SendAllAsync("hear", [text]),
                "group" => Manager.SendGroupAsync("readers", "hear", [text]),
                "user" => Manager.SendUserAsync("reader", "hear", [text]),
                _ => Manager.SendConnectionAsync(far.Id, "hear", [text]),
            }).Within("the sending");
        }

        await far.HearsTextsAsync(texts);
    }

    [Fact]
    public async Task MessagesOfMegabytesArrive()
    {
        await using var far = await servers.There.ConnectAsync("large");
        await Manager.AddToGroupAsync(far.Id, "large").Within("the addition");
        var text = new string('x', 2 << 20);

        for (var i = 0; i < 3; i++)
        {
            await Manager.SendConnectionAsync(far.Id, "hear", [text]).Within("sending to the connection");
            await Manager.SendUserAsync("large", "hear", [text]).Within("sending to the user");
            await Manager.SendGroupAsync("large", "hear", [text]).Within("sending to the group");
        }

        await far.HearsTextsAsync([.. Enumerable.Repeat(text, 9)]);
    }

    [Fact]
    public async Task StalledConnectionDoesNotHoldUpTheOthersAndLosesNothing()
    {
        await using var stalled = await servers.There.ConnectAsync("slow", stalls: true);
        await using var near = await servers.Here.ConnectAsync("slow");
        await using var far = await servers.There.ConnectAsync("slow");

        var sending = new[] { "1", "2", "3" }.Select(text => Manager.SendUserAsync("slow", "hear", [text])).ToList();

        await near.HearsTextsAsync("1", "2", "3");
        await far.HearsTextsAsync("1", "2", "3");
        stalled.Read();
        await stalled.HearsTextsAsync("1", "2", "3");
        await Task.WhenAll(sending).Within("the sending");
    }

    [Fact]
    public async Task BrokenConnectionDoesNotHoldUpTheOthers()
    {
        await using var broken = await servers.There.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();
        broken.Break();

        await Manager.SendAllAsync("hear", ["1"]).Within("the sending");
        await Manager.SendAllAsync("hear", ["2"]).Within("the sending");
        await Manager.SendConnectionAsync(broken.Id, "hear", ["?"]).Within("the sending");

        await far.HearsTextsAsync("1", "2");
    }
}
