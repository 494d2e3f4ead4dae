using Gateway.Testing;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.IntegrationTests.ApplicationHubs;

/// <summary>Groups: who is in, who is not, under whatever name. Who adds whom does not depend on the server.</summary>
public abstract class GroupSpec(HubServers servers)
{
    // Every test has groups of its own: the servers are shared.
    private readonly string _group = "group " + Guid.NewGuid().ToString("N");

    private HubLifetimeManager<AnyHub> Manager => servers.Here.Manager;

    public static TheoryData<string> Names =>
        new("a b", " ", "\t\n", "*", "?", "}x", "{x}", "%s", "a:b:c",
            "a/b?c=d#e", "-", "null", "Room", "room", "日本 😀", "e\u0301", "\u00e9", "\u0000", new string('n', 2000));

    [Fact]
    public async Task MembersHearWhatIsSentToTheGroup()
    {
        await using var near = await servers.Here.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();
        await using var outside = await servers.There.ConnectAsync();
        await AddAsync(near);
        await AddAsync(far);

        await SendAsync("group");
        await Manager.SendAllAsync("all", []).Within("the sending");

        foreach (var member in new[] { near, far })
            Assert.Equal(["all", "hear"],
                new[] { (await member.NextAsync()).Target, (await member.NextAsync()).Target }.Order(StringComparer.Ordinal));
        await outside.HearsAsync("all");
    }

    [Fact]
    public async Task ConnectionOfTheOtherServerCanBeAddedAndRemoved()
    {
        await using var far = await servers.There.ConnectAsync();

        await AddAsync(far);
        await SendAsync("1");
        await Manager.RemoveFromGroupAsync(far.Id, _group).Within("the removal");
        await SendAsync("2");
        await AddAsync(far);
        await SendAsync("3");

        await far.HearsTextsAsync("1", "3");
    }

    [Fact]
    public async Task MemberWhoIsAddedTwiceHearsOnce()
    {
        await using var far = await servers.There.ConnectAsync();
        await AddAsync(far);
        await AddAsync(far);
        await servers.There.Manager.AddToGroupAsync(far.Id, _group).Within("the addition");

        await SendAsync("1");
        await SendAsync("2");

        await far.HearsTextsAsync("1", "2");
    }

    [Fact]
    public async Task MemberWhoIsAddedTwiceIsRemovedAtOnce()
    {
        await using var far = await servers.There.ConnectAsync();
        await AddAsync(far);
        await AddAsync(far);
        await Manager.RemoveFromGroupAsync(far.Id, _group).Within("the removal");
        await Manager.RemoveFromGroupAsync(far.Id, _group).Within("the second removal");

        await SendAsync("1");
        await AddAsync(far);
        await SendAsync("2");

        await far.HearsTextsAsync("2");
    }

    [Fact]
    public async Task RemovingWhoIsNotInDoesNothing()
    {
        await using var near = await servers.Here.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();

        await Manager.RemoveFromGroupAsync(near.Id, _group).Within("the removal");
        await Manager.RemoveFromGroupAsync(far.Id, _group).Within("the removal");
    }

    [Fact]
    public async Task UnknownConnectionIsAddedAndRemovedWithoutAFault()
    {
        await Manager.AddToGroupAsync("nobody", _group).Within("the addition");
        await Manager.RemoveFromGroupAsync("nobody", _group).Within("the removal");
        await SendAsync("nobody hears it");
    }

    [Fact]
    public async Task WhoLeftCanBeAddedWithoutAFault()
    {
        var far = await servers.There.ConnectAsync();
        await far.DisposeAsync();

        await AddAsync(far);
        await SendAsync("nobody hears it");
    }

    [Fact]
    public async Task ExcludedMembersDoNotHear()
    {
        await using var near = await servers.Here.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();
        await using var other = await servers.There.ConnectAsync();
        foreach (var member in new[] { near, far, other }) await AddAsync(member);

        await Manager.SendGroupExceptAsync(_group, "hear", ["1"], [far.Id, "nobody"]).Within("the sending");
        await Manager.SendGroupExceptAsync(_group, "hear", ["2"], [near.Id, other.Id]).Within("the sending");
        await Manager.SendGroupExceptAsync(_group, "hear", ["3"], []).Within("the sending");

        await near.HearsTextsAsync("1", "3");
        await other.HearsTextsAsync("1", "3");
        await far.HearsTextsAsync("2", "3");
    }

    [Fact]
    public async Task SeveralGroupsHearAndAMemberOfTwoHearsTwice()
    {
        await using var near = await servers.Here.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();
        await AddAsync(near);
        await AddAsync(far);
        await Manager.AddToGroupAsync(far.Id, _group + " 2").Within("the addition");

        await Manager.SendGroupsAsync([_group, "nobody is in " + _group, _group + " 2"], "hear", ["twice"]).Within("the sending");
        await Manager.SendGroupsAsync([], "hear", ["none"]).Within("the sending");
        await far.HearsTextsAsync("twice", "twice");
        await SendAsync("end");

        await near.HearsTextsAsync("twice", "end");
        await far.HearsTextsAsync("end");
    }

    [Fact]
    public async Task SendingToAGroupWithoutMembersDoesNothing()
    {
        await SendAsync("?");
        await Manager.SendGroupExceptAsync(_group, "hear", ["?"], ["nobody"]).Within("the sending");
    }

    [Fact]
    public async Task WhoLeftIsInNoGroup()
    {
        await using var leaver = await servers.There.ConnectAsync();
        await using var stays = await servers.There.ConnectAsync();
        await AddAsync(leaver);
        await AddAsync(stays);
        await leaver.LeaveAsync();

        await SendAsync("1");
        await SendAsync("2");

        await stays.HearsTextsAsync("1", "2");
        await leaver.DisposeAsync();
        Assert.False(leaver.HasHeard);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task AnyNameIsAGroup(string name)
    {
        await using var near = await servers.Here.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();
        await Manager.AddToGroupAsync(near.Id, name).Within("the addition");
        await Manager.AddToGroupAsync(far.Id, name).Within("the addition");

        await Manager.SendGroupAsync(name, "hear", ["1"]).Within("the sending");
        await Manager.SendGroupsAsync([name], "hear", ["2"]).Within("the sending");
        await Manager.SendGroupExceptAsync(name, "hear", ["3"], [near.Id]).Within("the sending");
        await Manager.RemoveFromGroupAsync(far.Id, name).Within("the removal");
        await Manager.SendGroupAsync(name, "hear", ["4"]).Within("the sending");
        await Manager.AddToGroupAsync(far.Id, name).Within("the addition");
        await Manager.SendGroupAsync(name, "hear", ["5"]).Within("the sending");

        await near.HearsTextsAsync("1", "2", "4", "5");
        await far.HearsTextsAsync("1", "2", "3", "5");
    }

    [Fact]
    public async Task EmptyNameIsAGroup()
    {
        await using var far = await servers.There.ConnectAsync();
        await Manager.AddToGroupAsync(far.Id, "").Within("the addition");

        await Manager.SendGroupAsync("", "hear", ["1"]).Within("the sending");

        await far.HearsTextsAsync("1");
    }

    [Fact]
    public async Task EveryNameIsAGroupOfItsOwn()
    {
        var names = Names.Select(row => row.Data).ToList();
        var members = new List<PipeClient>();
        foreach (var name in names)
        {
            members.Add(await servers.There.ConnectAsync());
            await Manager.AddToGroupAsync(members[^1].Id, name).Within("the addition");
        }

        for (var i = 0; i < names.Count; i++) await Manager.SendGroupAsync(names[i], "hear", [$"{i}"]).Within("the sending");
        foreach (var name in names) await Manager.SendGroupAsync(name, "hear", ["end"]).Within("the sending");

        for (var i = 0; i < names.Count; i++) await members[i].HearsTextsAsync($"{i}", "end");
        foreach (var member in members) await member.DisposeAsync();
    }

    [Fact]
    public async Task ConnectionIsInAsManyGroupsAsItLikes()
    {
        await using var far = await servers.There.ConnectAsync();
        for (var i = 0; i < 300; i++) await Manager.AddToGroupAsync(far.Id, $"{_group} {i}").Within("the addition");

        await Manager.SendGroupAsync(_group + " 0", "hear", ["first"]).Within("the sending");
        await far.HearsTextsAsync("first");
        await Manager.SendGroupAsync(_group + " 299", "hear", ["last"]).Within("the sending");
        await far.HearsTextsAsync("last");
    }

    [Fact]
    public async Task GroupAndUserOfOneNameAreNotTheSame()
    {
        await using var user = await servers.There.ConnectAsync(_group);
        await using var member = await servers.There.ConnectAsync();
        await AddAsync(member);

        await SendAsync("group");
        await Manager.SendUserAsync(_group, "hear", ["user"]).Within("the sending");
        await Manager.SendConnectionsAsync([user.Id, member.Id], "hear", ["end"]).Within("the sending");

        Assert.Equal(["\"end\"", "\"user\""],
            new[] { await user.NextAsync(), await user.NextAsync() }.SelectMany(h => h.Arguments).Order(StringComparer.Ordinal));
        Assert.Equal(["\"end\"", "\"group\""],
            new[] { await member.NextAsync(), await member.NextAsync() }.SelectMany(h => h.Arguments).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task StalledMemberDoesNotHoldUpTheOthersAndLosesNothing()
    {
        await using var stalled = await servers.There.ConnectAsync(stalls: true);
        await using var near = await servers.Here.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();
        foreach (var member in new[] { stalled, near, far }) await AddAsync(member);

        var sending = new[] { "1", "2", "3" }.Select(SendAsync).ToList();

        await near.HearsTextsAsync("1", "2", "3");
        await far.HearsTextsAsync("1", "2", "3");
        stalled.Read();
        await stalled.HearsTextsAsync("1", "2", "3");
        await Task.WhenAll(sending).Within("the sending");
    }

    [Fact]
    public async Task BrokenMemberDoesNotHoldUpTheOthers()
    {
        await using var broken = await servers.There.ConnectAsync();
        await using var far = await servers.There.ConnectAsync();
        await AddAsync(broken);
        await AddAsync(far);
        broken.Break();

        await SendAsync("1");
        await SendAsync("2");

        await far.HearsTextsAsync("1", "2");
    }

    private Task AddAsync(PipeClient client) => Manager.AddToGroupAsync(client.Id, _group).Within("the addition");

    private Task SendAsync(string text) => Manager.SendGroupAsync(_group, "hear", [text]).Within("the sending");
}
