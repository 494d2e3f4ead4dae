using System.Net;
using System.Text.Json;
using Gateway.AspNetCore.Admin;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Admin;

/// <summary>The admin API of one replica: who is let in, what is wrong, and what it says.</summary>
public sealed class AdminApiTests : IAsyncLifetime
{
    private EmbeddedGateway _gateway = null!;
    private AdminClient _admin = null!;

    public async ValueTask InitializeAsync()
    {
        _gateway = await EmbeddedGateway.StartAsync(o =>
        {
            o.Admin.ApiKey = [AdminClient.Key];
            o.Raw.MaxMessageBytes = 4096;
        }, Moderation.UsersWithRoles.Add);
        _admin = new AdminClient(_gateway.Server);
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await _gateway.DisposeAsync();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("a-key-for-tests-012345678")]
    [InlineData("a-key-for-tests-01234567890")]
    [InlineData("A-KEY-FOR-TESTS-0123456789")]
    public async Task WithoutTheKeyEverythingIs401(string? key)
    {
        using var stranger = new AdminClient(_gateway.Server, key);
        foreach (var path in new[] { "rooms", "connections", "config", "openapi.json", "nothing" })
            (await stranger.GetAsync(path)).AssertProblem(HttpStatusCode.Unauthorized, "the header X-Api-Key is missing or wrong");
        (await stranger.PostAsync("messages", new { type = "note", payload = 1 })).AssertProblem(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task WithoutAKeyInTheConfigurationThereIsNoApi()
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        using var admin = new AdminClient(gateway.Server, "");
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync("rooms")).Status);
    }

    [Fact]
    public async Task OnItsOwnPortTheApiIsNowhereElseAndNothingElseIsThere()
    {
        var port = FreePort();
        await using var gateway = await EmbeddedGateway.StartAsync(o => (o.Admin.ApiKey, o.Admin.Port) = ([AdminClient.Key], port));
        using var outside = new AdminClient(gateway.Server);
        using var inside = new AdminClient(gateway.Urls[1]);
        using var http = new HttpClient { DefaultRequestHeaders = { { "X-Api-Key", AdminClient.Key } } };

        Assert.Equal(HttpStatusCode.NotFound, (await outside.GetAsync("rooms")).Status);
        (await inside.GetAsync("rooms")).Ok();
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri(gateway.Urls[1], "/")).Within("the answer")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri(gateway.Urls[1], "/ws")).Within("the answer")).StatusCode);
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [Fact]
    public async Task PublishedMessagesReachBothDialects()
    {
        await using var raw = await RawClient.ConnectAsync(_gateway.Server, "?rooms=team&user=ada");
        await using var hub = await SignalRClient.ConnectAsync(_gateway.Server, "?rooms=team&user=ada");

        var published = (await _admin.PostAsync("rooms/team/messages", new { type = "order", payload = new { id = 17 } })).Ok();
        (await _admin.PostAsync("users/ada/messages", new { type = "note", payload = "for ada" })).Ok();
        (await _admin.PostAsync("messages", new { type = "news" })).Ok();

        var offset = published.GetProperty("offset").GetInt64();
        foreach (var client in new IChatClient[] { raw, hub })
        {
            Assert.Equal($$"""{"id":17,"offset":{{offset}}}""", (await client.NextAsync("order")).Json.GetRawText());
            Assert.Equal("\"for ada\"", (await client.NextAsync("note")).Json.GetRawText());
            Assert.Equal("null", (await client.NextAsync("news")).Json.GetRawText());
        }
        (await _admin.PostAsync("users/nobody/messages", new { type = "note" }))
            .AssertProblem(HttpStatusCode.NotFound, "user nobody is not connected");
    }

    [Fact]
    public async Task SameMessageUnderOneKeyIsPublishedOnce()
    {
        await using var client = await RawClient.ConnectAsync(_gateway.Server, "?rooms=team&user=ada");
        foreach (var path in new[] { "rooms/team/messages", "users/ada/messages", "messages" })
        {
            var body = new { type = "order", payload = path };
            var first = (await _admin.PostAsync(path, body, "key of " + path)).Ok();
            var second = (await _admin.PostAsync(path, body, "key of " + path)).Ok();

            Assert.Equal(path, (await client.NextAsync("order")).Json.GetString());
            if (path.StartsWith("rooms", StringComparison.Ordinal)) Assert.Equal(first.GetRawText(), second.GetRawText());
            else Assert.True(second.GetProperty("duplicate").GetBoolean());
            (await _admin.PostAsync(path, new { type = "order", payload = 2 }, "key of " + path))
                .AssertProblem(HttpStatusCode.Conflict, "this Idempotency-Key was used for another message");
        }
        await client.RequestAsync("ping", null);
        Assert.Equal(3, client.All.Count(m => m.Type == "order"));
    }

    [Theory]
    [InlineData("""{"type":"a","payload":1,"colour":2}""", "unknown field \"colour\"; known: type, payload")]
    [InlineData("""{"payload":1}""", "type is missing")]
    [InlineData("""{"type":""}""", "type must not be empty")]
    [InlineData("""{"type":5}""", "type must be a string")]
    [InlineData("""{"type":"ack"}""", "type must not be one of welcome, ack, error, pong")]
    [InlineData("""{"type":"a","payload":{"offset":1}}""", "payload.offset is assigned by the gateway: leave it out")]
    [InlineData("""{"type":"a","type":"b"}""", "a field appears twice")]
    [InlineData("""{"type":"a","payload":"\ud800"}""", "a string holds half a surrogate pair")]
    [InlineData("{", "malformed JSON")]
    [InlineData("[]", "the body must be a JSON object")]
    public async Task WrongBodyIsToldWhatIsWrong(string body, string detail) =>
        (await _admin.SendAsync(HttpMethod.Post, "rooms/team/messages", body)).AssertProblem(HttpStatusCode.BadRequest, detail);

    [Fact]
    public async Task EveryFaultIsAProblem()
    {
        (await _admin.SendAsync(HttpMethod.Post, "rooms/team/messages", "{\"type\":\"a\"}", mediaType: "text/plain"))
            .AssertProblem(HttpStatusCode.UnsupportedMediaType);
        (await _admin.PostAsync("rooms/team/messages", new { type = "a", payload = new string('x', 6000) }))
            .AssertProblem(HttpStatusCode.RequestEntityTooLarge);
        (await _admin.PostAsync("rooms/a%20b/messages", new { type = "a" })).AssertProblem(HttpStatusCode.BadRequest);
        (await _admin.GetAsync("nothing")).AssertProblem(HttpStatusCode.NotFound);
        (await _admin.DeleteAsync("rooms")).AssertProblem(HttpStatusCode.MethodNotAllowed);
        (await _admin.GetAsync("rooms?limit=0")).AssertProblem(HttpStatusCode.BadRequest, "limit must be from 1 to 1000");
        (await _admin.GetAsync("rooms?limit=x")).AssertProblem(HttpStatusCode.BadRequest);
        (await _admin.GetAsync("connections?dialect=latin"))
            .AssertProblem(HttpStatusCode.BadRequest, "dialect must be raw, signalr or frames");
        (await _admin.GetAsync("connections/nobody")).AssertProblem(HttpStatusCode.NotFound);
        (await _admin.DeleteAsync("connections/nobody")).AssertProblem(HttpStatusCode.NotFound);
        (await _admin.GetAsync("rooms/metrics/history")).AssertProblem(HttpStatusCode.NotFound, "room metrics keeps no history");
        (await _admin.GetAsync("rooms/metrics/members")).AssertProblem(HttpStatusCode.NotFound);
        (await _admin.DeleteAsync("users/ada/ban")).AssertProblem(HttpStatusCode.NotFound, "user ada is not banned");
        (await _admin.DeleteAsync("users/ada/mute?room=team")).AssertProblem(HttpStatusCode.NotFound, "user ada is not muted in room team");
        (await _admin.PostAsync("users/ada/mute", new { })).AssertProblem(HttpStatusCode.BadRequest, "duration is missing");
        (await _admin.PostAsync("users/ada/mute", new { rooom = "team", duration = "1m" }))
            .AssertProblem(HttpStatusCode.BadRequest, "unknown field \"rooom\"; known: room, duration");
    }

    [Fact]
    public async Task HistoryAndMembersOfARoomArePaged()
    {
        await using var ada = await RawClient.ConnectAsync(_gateway.Server, "?rooms=team&user=ada");
        await using var bob = await SignalRClient.ConnectAsync(_gateway.Server, "?rooms=team&user=bob");
        for (var i = 0; i < 5; i++) await ada.ChatAsync($"{i}", "team");

        var newest = (await _admin.GetAsync("rooms/team/history?limit=2")).Ok();
        var first = newest.GetProperty("messages")[0].GetProperty("offset").GetInt64();
        var before = (await _admin.GetAsync($"rooms/team/history?limit=2&before={first}")).Ok();
        Assert.Equal(["3", "4"], Contents(newest));
        Assert.Equal(["1", "2"], Contents(before));

        var members = (await _admin.GetAsync("rooms/team/members?limit=1")).Ok();
        Assert.Matches(
            @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", members.GetProperty("members")[0].GetProperty("connected_at").GetString());
        Assert.Equal(
            (2, "ada", "ada"),
            (
                members.GetProperty("count").GetInt32(), members.GetProperty("members")[0].GetProperty("user_id").GetString(),
                members.GetProperty("next").GetString()));
        Assert.Equal(
            "bob",
            (await _admin.GetAsync("rooms/team/members?after=ada")).Ok().GetProperty("members")[0].GetProperty("user_id").GetString());

        static IEnumerable<string?> Contents(JsonElement page) =>
            page.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("payload").GetProperty("content").GetString());
    }

    [Fact]
    public async Task ConfigurationIsShownWithoutItsSecrets()
    {
        var (status, _, text) = await _admin.GetAsync("config");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.DoesNotContain(AdminClient.Key, text);
        var config = JsonDocument.Parse(text).RootElement;
        Assert.Equal("""["***"]""", config.GetProperty("admin").GetProperty("api_key").GetRawText());
        Assert.Equal("/hub", config.GetProperty("signalr").GetProperty("path").GetString());
        Assert.Equal("10s", config.GetProperty("rate_limit").GetProperty("window").GetString());
        Assert.Equal("server", config.GetProperty("rooms").GetProperty("policies")[0].GetProperty("publish").GetString());
    }

    [Fact]
    public void PasswordOfRedisIsNotShown()
    {
        var view = ConfigurationView.Of(
            GatewayApp.Shown(new() { Redis = { Connection = ["localhost:6379,password=hunter2", "other:1"] } }));

        Assert.Equal("""["localhost:6379,password=***","other:1"]""", view["redis"]!["connection"]!.ToJsonString());
    }

    [Fact]
    public async Task DocumentDescribesEveryEndpoint()
    {
        var document = (await _admin.GetAsync("openapi.json")).Ok();

        var operations = document.GetProperty("paths").EnumerateObject()
            .SelectMany(
                path => path.Value.EnumerateObject()
                    .Select(operation => (Name: operation.Name.ToUpperInvariant() + " " + path.Name, Operation: operation.Value))).ToList();
        Assert.Equal(
            [
                "DELETE /api/v1/connections/{id}", "DELETE /api/v1/users/{id}/ban", "DELETE /api/v1/users/{id}/mute", "GET /api/v1/config",
                "GET /api/v1/connections", "GET /api/v1/connections/{id}",
                "GET /api/v1/replicas", "GET /api/v1/rooms", "GET /api/v1/rooms/{room}/history", "GET /api/v1/rooms/{room}/members",
                "POST /api/v1/messages", "POST /api/v1/rooms/{room}/messages",
                "POST /api/v1/users/{id}/ban", "POST /api/v1/users/{id}/kick", "POST /api/v1/users/{id}/messages",
                "POST /api/v1/users/{id}/mute", "POST /api/v1/users/{id}/revoke",
            ],
            operations.Select(o => o.Name).Order(StringComparer.Ordinal));
        Assert.All(operations, o =>
        {
            Assert.NotEmpty(o.Operation.GetProperty("summary").GetString()!);
            Assert.True(o.Operation.GetProperty("responses").TryGetProperty("401", out _), o.Name);
            Assert.Contains(o.Operation.GetProperty("responses").EnumerateObject(), r => r.Name is "200" or "204");
        });
        Assert.Equal(
            "X-Api-Key",
            document.GetProperty("components").GetProperty("securitySchemes").GetProperty("api_key").GetProperty("name").GetString());
        Assert.Contains("\"Idempotency-Key\"", operations.Single(o => o.Name == "POST /api/v1/messages").Operation.GetRawText());
        var connection = document.GetProperty("components").GetProperty("schemas").GetProperty("ConnectionInfo").GetProperty("properties");
        Assert.Equal("date-time", connection.GetProperty("connected_at").GetProperty("format").GetString());
        Assert.True(connection.TryGetProperty("user_id", out _));
    }
}
