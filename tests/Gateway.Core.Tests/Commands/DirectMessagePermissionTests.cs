using Gateway.Core.Commands;
using Gateway.Core.Rooms;

namespace Gateway.Core.Tests.Commands;

/// <summary>Who may send <c>direct</c> to whom, and that the answer does not tell who is connected.</summary>
public sealed class DirectMessagePermissionTests
{
    [Fact]
    public async Task WhoeverSharesARoomMayBeWrittenToAndNobodyElseIsToldOf()
    {
        using var core = new TestCore(direct: new DirectMessageRule(DirectReach.SharedRoom, []));
        var (ada, bob, eve) = (
            await core.ConnectAsync(["r"], "ada"), await core.ConnectAsync(["r"], "bob"), await core.ConnectAsync(["elsewhere"], "eve"));

        Assert.Equal("""{"connections":1}""", await SendAsync(ada, "bob"));
        Assert.Equal("404: user bob is not connected", await SendAsync(eve, "bob"));
        Assert.Equal("404: user nobody is not connected", await SendAsync(eve, "nobody"));
        Assert.Equal("404: user eve is not connected", await SendAsync(ada, "eve"));
        Assert.Equal("""{"connections":1}""", await SendAsync(eve, "eve"));

        await bob.HasAsync("direct", 1);
        await bob.DoAsync("leave", """{"room":"r"}""");
        Assert.Equal("404: user bob is not connected", await SendAsync(ada, "bob"));
    }

    /// <summary>The answer tells no more than <c>presence</c> does.</summary>
    [Fact]
    public async Task RoomWhoseMembersTheSenderMayNotSeeDoesNotCount()
    {
        var hidden = new RoomRule("hidden", ["*"], ["*"], ["*"], ["auditor"]);
        using var core = new TestCore(
            direct: new DirectMessageRule(DirectReach.SharedRoom, []), permissions: new RoomPermissions([hidden]));
        var ada = await core.ConnectAsync(["hidden", "metrics"], "ada");
        await core.ConnectAsync(["hidden", "metrics"], "bob");

        Assert.Equal("404: user bob is not connected", await SendAsync(ada, "bob"));
    }

    [Fact]
    public async Task UserWhoMayComeBackSharesItsRoomsUntilThen()
    {
        using var core = new TestCore(direct: new DirectMessageRule(DirectReach.SharedRoom, []), grace: TimeSpan.FromMinutes(1));
        var (ada, bob) = (await core.ConnectAsync(["r"], "ada"), await core.ConnectAsync(["r"], "bob"));
        await core.Lifecycle.OnDisconnectedAsync(bob.Connection);

        Assert.Equal("404: user bob is not connected", await SendAsync(ada, "bob"));
    }

    [Fact]
    public async Task RoleOpensWhatTheRuleCloses()
    {
        using var core = new TestCore(direct: new DirectMessageRule(DirectReach.Nobody, ["support"]));
        var (ada, helper) = (await core.ConnectAsync(["r"], "ada"), await core.ConnectAsync([], "helper", roles: "support"));

        Assert.Equal("403: not allowed to send direct messages", await SendAsync(ada, "helper"));
        Assert.Equal("403: not allowed to send direct messages", await SendAsync(ada, "nobody"));
        Assert.Equal("""{"connections":1}""", await SendAsync(helper, "ada"));
    }

    private static async Task<string> SendAsync(TestClient from, string to)
    {
        var outcome = await from.SendAsync("direct", $$"""{"to":"{{to}}","content":"psst"}""");
        return outcome.Error?.ToString() ?? System.Text.Encoding.UTF8.GetString(outcome.Result.Span);
    }
}
