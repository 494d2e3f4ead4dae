using System.Net;
using Gateway.AspNetCore.Options;
using Gateway.Core.Connections;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Admin;

/// <summary>The admin API of a gateway with a named hub and a handler in it: <c>?hub=</c> says which hub is meant.</summary>
public sealed class AdminHubTests : IAsyncLifetime
{
    private EmbeddedGateway _gateway = null!;
    private AdminClient _admin = null!;

    public async ValueTask InitializeAsync()
    {
        _gateway = await EmbeddedGateway.StartAsync(o =>
        {
            o.Admin.ApiKey = [AdminClient.Key];
            o.Hubs["floor"] = new NamedHubOptions();
            o.Handlers.Add(new HandlerOptions { Path = "/relay", Handler = BuiltInHandler.Relay, Hub = "floor" });
        }, Moderation.UsersWithRoles.Add);
        _admin = new AdminClient(_gateway.Server);
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await _gateway.DisposeAsync();
    }

    [Fact]
    public async Task PublishingReachesTheNamedHubAlone()
    {
        await using var here = await RawClient.ConnectAsync(_gateway.Server, "?rooms=team&user=ada");
        using var there = await OpenAsync("/ws/floor?rooms=team&user=bob");

        (await _admin.PostAsync("rooms/team/messages?hub=floor", new { type = "note", payload = 1 })).Ok();
        (await _admin.PostAsync("users/bob/messages?hub=floor", new { type = "note", payload = 2 })).Ok();
        (await _admin.PostAsync("messages?hub=floor", new { type = "note", payload = 3 })).Ok();
        (await _admin.PostAsync("users/bob/messages", new { type = "note", payload = 4 }))
            .AssertProblem(HttpStatusCode.NotFound, "user bob is not connected");

        for (var i = 1; i <= 3; i++) Assert.Equal($$"""{"type":"note","payload":{{i}}}""", (await there.ReadAsync())!.Text);
        await here.RequestAsync("ping", null);
        Assert.DoesNotContain(here.All, m => m.Type == "note");
    }

    [Fact]
    public async Task LookingShowsTheNamedHub()
    {
        await using var here = await RawClient.ConnectAsync(_gateway.Server, "?rooms=team&user=ada");
        using var there = await OpenAsync("/ws/floor?rooms=team&user=bob");
        using var relay = await HandMadeSocket.OpenAsync(_gateway.Server, "/relay?user=cy");
        await Deadline.Until(
            () => _gateway.Get<Gateway.AspNetCore.Domains.GatewayDomains>()["floor"].Get<ConnectionTable>().Count == 2,
            "both are in the hub");

        Assert.Equal(["ada"], await UsersAsync("connections"));
        Assert.Equal(["bob", "cy"], await UsersAsync("connections?hub=floor"));
        Assert.Equal(["cy"], await UsersAsync("connections?hub=floor&dialect=frames"));
        Assert.Equal(
            "team",
            (await _admin.GetAsync("rooms?hub=floor")).Ok().GetProperty("rooms").EnumerateArray().Last().GetProperty("room").GetString());
        Assert.Equal(
            "bob",
            (await _admin.GetAsync("rooms/team/members?hub=floor")).Ok().GetProperty("members")[0].GetProperty("user_id").GetString());
        Assert.Equal(0, (await _admin.GetAsync("rooms/team/history?hub=floor")).Ok().GetProperty("messages").GetArrayLength());
        (await _admin.GetAsync("rooms?hub=flor")).AssertProblem(HttpStatusCode.NotFound, "there is no hub flor; known: floor");
    }

    [Fact]
    public async Task KicksMutesAndBansHoldInTheNamedHubAndForItsHandlers()
    {
        using var bob = await OpenAsync("/ws/floor?rooms=team&user=bob");
        using var relay = await HandMadeSocket.OpenAsync(_gateway.Server, "/relay?user=cy");
        using var eve = await OpenAsync("/ws/floor?rooms=team&user=eve");
        await Deadline.Until(
            () => _gateway.Get<Gateway.AspNetCore.Domains.GatewayDomains>()["floor"].Get<ConnectionTable>().Count == 3,
            "all are in the hub");

        (await _admin.PostAsync("users/bob/mute?hub=floor", new { room = "team", duration = "1m" })).Ok();
        await bob.SendTextAsync("""{"type":"chat","payload":{"room":"team","content":"x"},"id":1}""");
        Assert.Contains("403", await AnswerAsync(bob), StringComparison.Ordinal);
        Assert.Equal(
            1, (await _admin.PostAsync("users/bob/kick?hub=floor", new { room = "team" })).Ok().GetProperty("connections").GetInt32());
        // without a hub: wherever it is
        Assert.Equal(1, (await _admin.PostAsync("users/bob/kick")).Ok().GetProperty("connections").GetInt32());
        Assert.Equal((1008, "kicked"), (await bob.ReadAllAsync())[^1].CloseStatus);
        (await _admin.PostAsync("users/cy/ban", new { duration = "1m" })).Ok();
        Assert.Equal((1008, "banned"), (await relay.ReadAllAsync())[^1].CloseStatus);
        var connection = (await _admin.GetAsync("connections?hub=floor&user=eve"))
            .Ok().GetProperty("connections")[0].GetProperty("connection_id").GetString();
        (await _admin.GetAsync($"connections/{connection}")).Ok();
        (await _admin.DeleteAsync($"connections/{connection}?hub=nowhere")).AssertProblem(HttpStatusCode.NotFound);
        Assert.Equal(HttpStatusCode.NoContent, (await _admin.DeleteAsync($"connections/{connection}")).Status);
        Assert.Equal((1008, "kicked"), (await eve.ReadAllAsync())[^1].CloseStatus);
    }

    private async Task<HandMadeSocket> OpenAsync(string path)
    {
        var socket = await HandMadeSocket.OpenAsync(_gateway.Server, path);
        Assert.Contains("welcome", (await socket.ReadAsync())!.Text, StringComparison.Ordinal);
        return socket;
    }

    private static async Task<string> AnswerAsync(HandMadeSocket socket)
    {
        while (true)
        {
            var text = (await socket.ReadAsync())!.Text;
            if (text.Contains("\"id\":1", StringComparison.Ordinal)) return text;
        }
    }

    private async Task<IEnumerable<string?>> UsersAsync(string path) =>
        (await _admin.GetAsync(path)).Ok().GetProperty("connections").EnumerateArray()
            .Select(c => c.GetProperty("user_id").GetString()).Order(StringComparer.Ordinal);
}
