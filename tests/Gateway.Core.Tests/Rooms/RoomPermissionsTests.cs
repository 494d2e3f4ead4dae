using System.Collections.Frozen;
using Gateway.Core.Connections;
using Gateway.Core.Rooms;

namespace Gateway.Core.Tests.Rooms;

public sealed class RoomPermissionsTests
{
    private static readonly string[] Everyone = ["*"];

    [Fact]
    public void FirstRuleThatMatchesDecides()
    {
        var permissions = new RoomPermissions([Rule("orders.eu", ["clerk"]), Rule("orders.*", ["auditor"]), Rule("*", Everyone)]);

        Assert.Null(Join(permissions, "orders.eu", "clerk"));
        Assert.Equal("403: not allowed in room orders.eu", Join(permissions, "orders.eu", "auditor"));
        Assert.Null(Join(permissions, "orders.us", "auditor"));
        Assert.NotNull(Join(permissions, "orders.us", "clerk"));
        Assert.Null(Join(permissions, "lobby"));
    }

    [Fact]
    public void WithoutARuleNothingIsForbidden() => Assert.Null(Join(new RoomPermissions([Rule("orders.*", [])]), "lobby"));

    [Fact]
    public void OneRoleOfTheListIsEnoughAndItsLettersCount()
    {
        var permissions = new RoomPermissions([Rule("orders", ["clerk", "auditor"])]);

        Assert.Null(Join(permissions, "orders", "auditor", "other"));
        Assert.NotNull(Join(permissions, "orders", "Auditor"));
        Assert.NotNull(Join(permissions, "orders"));
        Assert.NotNull(Join(permissions, "orders", "*")); // a role that is called so opens nothing
    }

    [Theory]
    [InlineData("user.{sub}", "user.ada", true)]
    [InlineData("user.{sub}", "user.eve", false)]
    [InlineData("user.{sub}", "user.ada2", false)]
    [InlineData("user.{sub}", "user.ad", false)]
    [InlineData("user.{sub}", "user.", true)] // not of that form: no user's room
    [InlineData("user.{sub}", "users.eve", true)]
    [InlineData("user.{sub}.inbox", "user.ada.inbox", true)]
    [InlineData("user.{sub}.inbox", "user.eve.inbox", false)]
    [InlineData("user.{sub}.inbox", "user.ada.eve.inbox", false)]
    [InlineData("{sub}", "ada", true)]
    [InlineData("{sub}", "lobby", false)]
    public void RoomOfAUserIsOnlyThatUsers(string match, string room, bool allowed) =>
        Assert.Equal(allowed, Join(new RoomPermissions([Rule(match, Everyone)]), room) == null);

    [Theory]
    [InlineData("a?c", "abc", true)] // ? is a letter like any other: no rule, so allowed
    [InlineData("a?c", "a?c", false)]
    [InlineData("a\\*", "a\\b", false)]
    [InlineData("a*b*c", "a-b-b-c", false)]
    [InlineData("a*b*c", "a-c-b", true)]
    [InlineData("a*a", "a", true)]
    [InlineData("a*a", "aa", false)]
    [InlineData("*", "x", false)]
    [InlineData("**", "x", false)]
    [InlineData("*x", "ax", false)]
    [InlineData("*ab*ab", "ab", true)]
    [InlineData("a*", "A", true)]
    [InlineData("", "x", true)]
    public void OnlyTheStarIsAWildcard(string match, string room, bool allowed) =>
        Assert.Equal(allowed, Join(new RoomPermissions([Rule(match, [])]), room) == null);

    [Fact]
    public void EachActionHasItsList()
    {
        var permissions = new RoomPermissions([new RoomRule("x", ["j"], ["p"], ["h"], ["w"])]);
        var actions = new[] { (RoomAction.Join, "j"), (RoomAction.Publish, "p"), (RoomAction.History, "h"), (RoomAction.Presence, "w") };

        foreach (var (action, role) in actions)
            foreach (var (_, other) in actions)
                Assert.Equal(role == other, permissions.Check(User(other), "x", action) == null);
    }

    private static RoomRule Rule(string match, string[] join) => new(match, join, Everyone, Everyone, Everyone);

    private static string? Join(RoomPermissions permissions, string room, params string[] roles) =>
        permissions.Check(User(roles), room, RoomAction.Join)?.ToString();

    private static UserIdentity User(params string[] roles) => new("ada", "Ada") { Roles = roles.ToFrozenSet(StringComparer.Ordinal) };
}
