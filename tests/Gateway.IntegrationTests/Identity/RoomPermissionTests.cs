using System.Net;
using System.Net.WebSockets;
using Gateway.AspNetCore.Options;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Identity;

/// <summary>Who may do what in which rooms.</summary>
public sealed class RoomPermissionTests(TokenFixture fixture) : IClassFixture<TokenFixture>
{
    private static readonly IList<RoomPermissionOptions> Permissions =
    [
        new() { Match = "orders.*", Join = ["clerk", "auditor"], Publish = ["clerk"], History = ["auditor"], Presence = ["auditor"] },
        new() { Match = "user.{sub}" },
        new() { Match = "news", Publish = [] },
        new() { Match = "metrics", Join = ["operator"] },
    ];

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RolesSayWhoMayDoWhat(Kind kind)
    {
        await using var gateway = await StartAsync();
        await using var clerk = await ConnectAsync(gateway, kind, "clara", "clerk");
        await using var auditor = await ConnectAsync(gateway, kind, "august", "auditor");
        await using var visitor = await ConnectAsync(gateway, kind, "vera");
        const string room = "orders.eu";

        await clerk.RequestAsync("join", new { room });
        await auditor.RequestAsync("join", new { room });
        await RefusedAsync(visitor, "join", new { room });

        await clerk.ChatAsync("sold", room);
        await RefusedAsync(auditor, "chat", new { room, content = "mine" });
        Assert.Equal("sold", (await auditor.NextAsync("chat")).Text("content"));

        await auditor.RequestAsync("history", new { room });
        await auditor.RequestAsync("presence", new { room });
        await RefusedAsync(clerk, "history", new { room });
        await RefusedAsync(clerk, "presence", new { room });
        await clerk.RequestAsync("leave", new { room });
        await RefusedAsync(clerk, "join", new { room, since = new { epoch = "0a1b2c3d", offset = 0 } }); // the past by another way
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RoomOfOneUserIsOnlyHis(Kind kind)
    {
        await using var gateway = await StartAsync();
        await using var ada = await ConnectAsync(gateway, kind, "ada");
        await using var eve = await ConnectAsync(gateway, kind, "eve");

        await ada.RequestAsync("join", new { room = "user.ada" });
        await ada.ChatAsync("a note to myself", "user.ada");
        await eve.RequestAsync("join", new { room = "user.eve" });

        await RefusedAsync(eve, "join", new { room = "user.ada" });
        await RefusedAsync(eve, "join", new { room = "user." + "ada.x" });
        await RefusedAsync(eve, "join", new { room = "user.eve2" });
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task EmptyListLeavesItToTheServer(Kind kind)
    {
        await using var gateway = await StartAsync();
        await using var clerk = await ConnectAsync(gateway, kind, "clara", "clerk");
        await clerk.RequestAsync("join", new { room = "news" });

        await RefusedAsync(clerk, "chat", new { room = "news", content = "extra" });
        await gateway.Get<Microsoft.AspNetCore.SignalR.IHubContext<AspNetCore.SignalR.GatewayHub>>().Clients.Group("news")
            .SendCoreAsync("chat", [new { content = "extra" }]);
        Assert.Equal("extra", (await clerk.NextAsync("chat")).Text("content"));
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RoomsThatEveryoneStartsInLeaveOutWhoMayNot(Kind kind)
    {
        await using var gateway = await StartAsync();
        await using var visitor = await ConnectAsync(gateway, kind, "vera");
        await using var operatorOfIt = await ConnectAsync(gateway, kind, "olga", "operator");

        Assert.Equal(["lobby"], RoomsOf(visitor));
        Assert.Equal(["lobby", "metrics"], RoomsOf(operatorOfIt));
    }

    [Fact]
    public async Task RoomThatAClientNamesItselfIsRefusedWhenItConnects()
    {
        await using var gateway = await StartAsync();
        var token = fixture.Key.Token(new() { ["sub"] = "vera" });

        Assert.Equal(
            (HttpStatusCode.Forbidden, "not allowed in room orders.eu"),
            await fixture.AskAsync(gateway.Server, Kind.Raw, "?rooms=lobby,orders.eu&token=" + token));
        await Assert.ThrowsAsync<WebSocketException>(
            () => SignalRClient.ConnectAsync(gateway.Server, "?rooms=orders.eu&access_token=" + token));

        await using var late = await RawClient.OpenAsync(gateway.Server, "?auth=message&rooms=orders.eu");
        await late.SendAsync("auth", new { token });
        Assert.Equal((1008, "not allowed in one of the rooms"), await late.Closed.Within("the close"));
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task AnonymousUsersHaveNoRoles(Kind kind)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Rooms.Permissions = Permissions);
        await using var guest = await Clients.ConnectAsync(kind, gateway.Server, "?rooms=lobby");

        await RefusedAsync(guest, "join", new { room = "orders.eu" });
        await guest.RequestAsync("join", new { room = "user." + guest.UserId });
        await guest.RequestAsync("join", new { room = "anything" });
    }

    private static IEnumerable<string?> RoomsOf(IChatClient client) =>
        client.Welcome.GetProperty("rooms").EnumerateArray().Select(room => room.GetProperty("room").GetString());

    private static async Task RefusedAsync(IChatClient client, string type, object payload)
    {
        var error = await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync(type, payload));
        Assert.Equal(403, error.Code);
        Assert.StartsWith("not allowed in room ", error.Text, StringComparison.Ordinal);
    }

    private Task<EmbeddedGateway> StartAsync() => EmbeddedGateway.StartAsync(o =>
    {
        fixture.Authority.Trust(o);
        (o.Rooms.Permissions, o.Rooms.AutoJoin) = (Permissions, ["lobby", "metrics"]);
    });

    private Task<IChatClient> ConnectAsync(EmbeddedGateway gateway, Kind kind, string sub, params string[] roles) =>
        Clients.ConnectAsync(kind, gateway.Server, "?access_token=" + fixture.Key.Token(new() { ["sub"] = sub, ["roles"] = roles }));
}
