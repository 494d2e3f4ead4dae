using System.Net;
using System.Text.Json;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Admin;

/// <summary>The OpenAPI document beside what the API answers.</summary>
public sealed class AdminDocumentTests
{
    [Fact]
    public async Task EveryAnswerIsValidAgainstTheDocument()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Admin.ApiKey = [AdminClient.Key], Moderation.UsersWithRoles.Add);
        using var admin = new AdminClient(gateway.Server);
        var document = (await admin.GetAsync("openapi.json")).Ok();
        await using var ada = await RawClient.ConnectAsync(gateway.Server, "?rooms=team,other&user=ada");
        await using var bob = await SignalRClient.ConnectAsync(gateway.Server, "?rooms=team&user=bob");
        var checks = new Checks(document, admin);

        await checks.CallAsync("POST", "/rooms/{room}/messages", "rooms/team/messages", new { type = "order", payload = new { id = 1 } });
        await checks.CallAsync("POST", "/rooms/{room}/messages", "rooms/metrics/messages", new { type = "order" });
        await checks.CallAsync("POST", "/rooms/{room}/messages", "rooms/team/messages", new { });
        await checks.CallAsync("POST", "/users/{id}/messages", "users/ada/messages", new { type = "note" }, "k");
        await checks.CallAsync("POST", "/users/{id}/messages", "users/ada/messages", new { type = "note" }, "k");
        await checks.CallAsync("POST", "/users/{id}/messages", "users/nobody/messages", new { type = "note" });
        await checks.CallAsync("POST", "/messages", "messages", new { type = "news" });
        foreach (var query in new[] { "", "?limit=1", "?limit=1&after=zzz", "?limit=0" })
        {
            await checks.CallAsync("GET", "/rooms", "rooms" + query);
            await checks.CallAsync("GET", "/rooms/{room}/members", "rooms/team/members" + query);
            await checks.CallAsync("GET", "/connections", "connections" + query);
        }
        await checks.CallAsync("GET", "/rooms/{room}/history", "rooms/team/history");
        await checks.CallAsync("GET", "/rooms/{room}/history", "rooms/empty/history?limit=1");
        await checks.CallAsync("GET", "/rooms/{room}/history", "rooms/metrics/history");
        await checks.CallAsync("GET", "/connections/{id}", $"connections/{((IChatClient)ada).ConnectionId}");
        await checks.CallAsync("GET", "/connections/{id}", "connections/nobody");
        await checks.CallAsync("GET", "/replicas", "replicas");
        await checks.CallAsync("GET", "/config", "config");
        await checks.CallAsync("POST", "/users/{id}/mute", "users/ada/mute", new { duration = "1m" });
        await checks.CallAsync("POST", "/users/{id}/mute", "users/ada/mute", new { room = "team", duration = "1m" });
        await checks.CallAsync("DELETE", "/users/{id}/mute", "users/ada/mute");
        await checks.CallAsync("DELETE", "/users/{id}/mute", "users/ada/mute");
        await checks.CallAsync("POST", "/users/{id}/kick", "users/ada/kick", new { room = "team" });
        await checks.CallAsync("POST", "/users/{id}/kick", "users/nobody/kick");
        await checks.CallAsync("POST", "/users/{id}/ban", "users/cy/ban");
        await checks.CallAsync("POST", "/users/{id}/ban", "users/cy/ban", new { duration = "1m" });
        await checks.CallAsync("DELETE", "/users/{id}/ban", "users/cy/ban");
        await checks.CallAsync("DELETE", "/users/{id}/ban", "users/cy/ban");
        await checks.CallAsync("POST", "/users/{id}/revoke", "users/dee/revoke");
        await checks.CallAsync("DELETE", "/connections/{id}", $"connections/{((IChatClient)ada).ConnectionId}");
        await checks.CallAsync("DELETE", "/connections/{id}", "connections/nobody");

        Assert.Empty(checks.Faults);
        Assert.Empty(checks.NotCalled);
    }

    [Fact]
    public async Task DocumentNamesItsOperationsAndWhereTheyAre()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Admin.ApiKey = [AdminClient.Key]);
        using var admin = new AdminClient(gateway.Server);
        var document = (await admin.GetAsync("openapi.json")).Ok();

        var ids = Checks.Operations(document).Select(o => o.Operation.GetProperty("operationId").GetString()).ToList();
        Assert.Equal(ids.Distinct(), ids);
        Assert.Equal("/", document.GetProperty("servers")[0].GetProperty("url").GetString());
        Assert.All(
            Checks.Operations(document),
            o => Assert.Contains(o.Operation.GetProperty("parameters").EnumerateArray(), p => p.GetProperty("name").GetString() == "hub"));
    }

    private sealed class Checks(JsonElement document, AdminClient admin)
    {
        private readonly JsonSchema _schema = new(document);
        private readonly HashSet<string> _called = [];

        public List<string> Faults { get; } = [];

        public IEnumerable<string> NotCalled => Operations(document).Select(o => o.Name).Except(_called);

        public static IEnumerable<(string Name, JsonElement Operation)> Operations(JsonElement document) =>
            document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject()
                .Select(operation => ($"{operation.Name.ToUpperInvariant()} {path.Name}", operation.Value)));

        public async Task CallAsync(string method, string template, string path, object? body = null, string? idempotencyKey = null)
        {
            var answer = await admin.SendAsync(
                new HttpMethod(method), path, body == null ? null : JsonSerializer.Serialize(body), idempotencyKey);
            var operation = document.GetProperty("paths").GetProperty("/api/v1" + template).GetProperty(method.ToLowerInvariant());
            _called.Add($"{method} /api/v1{template}");
            if (!operation.GetProperty("responses").TryGetProperty($"{(int)answer.Status}", out var response))
            {
                Faults.Add($"{method} {path}: {(int)answer.Status} is not described");
                return;
            }
            if (answer.Status == HttpStatusCode.NoContent) return;
            if (!response.TryGetProperty("content", out var content) || !content.TryGetProperty(answer.MediaType!, out var media))
                Faults.Add($"{method} {path}: {answer.MediaType} is not described");
            else
                Faults.AddRange(
                    _schema.Faults(media.GetProperty("schema"), answer.Json)
                        .Select(fault => $"{method} {path}: {(int)answer.Status}: {fault}"));
        }
    }
}
