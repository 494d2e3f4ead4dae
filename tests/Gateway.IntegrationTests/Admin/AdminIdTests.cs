using System.Net;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Admin;

/// <summary>Ids as identity providers make them: the user that a path names is the one to whom something is done.</summary>
public sealed class AdminIdTests : IAsyncLifetime
{
    private EmbeddedGateway _gateway = null!;
    private AdminClient _admin = null!;

    public static TheoryData<string> Ids =>
        ["auth0|ab/cd", "https://id.example.com/users/7?x=1#y", "a%2Fb", "a%b", "a b", "Zoë", "*", "{room}", "a+b", "/", "users/../ban"];

    public async ValueTask InitializeAsync()
    {
        _gateway = await EmbeddedGateway.StartAsync(o => o.Admin.ApiKey = [AdminClient.Key], Moderation.UsersWithRoles.Add);
        _admin = new AdminClient(_gateway.Server);
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await _gateway.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task UserWithAnyIdIsMutedKickedAndBanned(string id)
    {
        var inPath = InPath(id);
        var user = Uri.EscapeDataString(id);
        await using var raw = await RawClient.ConnectAsync(_gateway.Server, $"?rooms=team&user={user}");
        await using var hub = await SignalRClient.ConnectAsync(_gateway.Server, $"?rooms=team&user={user}");

        (await _admin.PostAsync($"users/{inPath}/messages", new { type = "note", payload = 1 })).Ok();
        await raw.NextAsync("note");
        var muted = await _admin.PostAsync($"users/{inPath}/mute", new { room = "team", duration = "1m" });
        Assert.Equal(id, muted.Ok().GetProperty("user_id").GetString());
        foreach (var client in new IChatClient[] { raw, hub })
            Assert.Equal(
                403,
                (await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("chat", new { room = "team", content = "x" }))).Code);
        Assert.Equal(HttpStatusCode.NoContent, (await _admin.DeleteAsync($"users/{inPath}/mute?room=team")).Status);
        (await _admin.PostAsync($"users/{inPath}/ban", new { duration = "1m" })).Ok();

        Assert.Equal((1008, "banned"), await raw.Closed.Within("the raw client's end"));
        await hub.Closed.Within("the hub client's end");
        Assert.Equal(HttpStatusCode.NoContent, (await _admin.DeleteAsync($"users/{inPath}/ban")).Status);
    }

    [Fact]
    public async Task RoomWithASlashIsReadAndPublishedTo()
    {
        await using var client = await RawClient.ConnectAsync(_gateway.Server, "?rooms=a%2Fb&user=ada");

        (await _admin.PostAsync("rooms/a%2Fb/messages", new { type = "note", payload = 1 })).Ok();

        await client.NextAsync("note");
        Assert.Equal("a/b", (await _admin.GetAsync("rooms/a%2Fb/history")).Ok().GetProperty("room").GetString());
        Assert.Equal("a/b", (await _admin.GetAsync("rooms/a%2Fb/members")).Ok().GetProperty("room").GetString());
    }

    [Fact]
    public async Task RoomIsTheSameHoweverItsNameIsComposed()
    {
        await using var client = await RawClient.ConnectAsync(_gateway.Server, "?rooms=caf%C3%A9&user=ada");

        Assert.Equal(1, (await _admin.GetAsync("connections?room=cafe%CC%81")).Ok().GetProperty("connections").GetArrayLength());
        (await _admin.PostAsync("users/ada/mute", new { room = "cafe\u0301", duration = "1m" })).Ok();
        Assert.Equal(
            403,
            (await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync("chat", new { room = "caf\u00e9", content = "x" }))).Code);
        Assert.Equal(HttpStatusCode.NoContent, (await _admin.DeleteAsync("users/ada/mute?room=cafe%CC%81")).Status);
    }

    [Fact]
    public async Task IdThatNoUserHasIsRefused()
    {
        var tooLong = new string('u', 257);
        (await _admin.PostAsync($"users/{tooLong}/ban"))
            .AssertProblem(HttpStatusCode.BadRequest, "a user id has 1 to 256 characters, and no control characters");
        (await _admin.PostAsync("users/a%0Ab/ban"))
            .AssertProblem(HttpStatusCode.BadRequest, "a user id has 1 to 256 characters, and no control characters");
        (await _admin.PostAsync($"users/{tooLong}/messages", new { type = "note" }))
            .AssertProblem(HttpStatusCode.BadRequest, "a user id has 1 to 256 characters, and no control characters");
    }

    /// <summary>Dots too, which a URL would otherwise take for the way up.</summary>
    private static string InPath(string id) => Uri.EscapeDataString(id).Replace(".", "%2E", StringComparison.Ordinal);
}
