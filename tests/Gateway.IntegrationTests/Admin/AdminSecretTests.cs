using Gateway.Testing;

namespace Gateway.IntegrationTests.Admin;

/// <summary>The key is in no log, at any level, and in nothing that is answered; a key that is too short stops the start.</summary>
public sealed class AdminSecretTests
{
    private const string WrongKey = "some-wrong-key-9876543210";

    [Fact]
    public async Task NoLogAndNoAnswerHoldsAKey()
    {
        await using var gateway = await GatewayProcess.StartAsync("--admin:api_key=" + AdminClient.Key, "--logging:level=trace");
        using var admin = new AdminClient(gateway.Server);
        using var stranger = new AdminClient(gateway.Server, WrongKey);
        await using var client = await RawClient.ConnectAsync(gateway.Server);
        var answers = new List<string>();
        foreach (var one in new[] { admin, stranger })
        {
            foreach (var path in new[] { "rooms", "connections", "config", "replicas", "openapi.json", "nothing" })
                answers.Add((await one.GetAsync(path)).Body);
            answers.Add((await one.PostAsync("messages", new { type = "note", payload = 1 }, "once")).Body);
            answers.Add((await one.SendAsync(HttpMethod.Post, "messages", "{")).Body);
            answers.Add((await one.DeleteAsync("connections/" + ((IChatClient)client).ConnectionId)).Body);
        }
        answers.Add((await gateway.ScrapeAsync()).ToString()!);
        await gateway.StopAsync();

        Assert.Contains("dbug:", gateway.Output);
        foreach (var text in answers.Append(gateway.Output))
        {
            Assert.DoesNotContain(AdminClient.Key, text);
            Assert.DoesNotContain(WrongKey, text);
        }
    }

    [Fact]
    public async Task KeyThatIsTooShortStopsTheStartAndIsNotShown()
    {
        var (exitCode, output, _) = await GatewayProcess.RunToExitAsync(["--admin:api_key=tooshort123"]);

        Assert.NotEqual(0, exitCode);
        Assert.Contains("admin.api_key: the value is not allowed; allowed: 16 to 256 visible ASCII characters", output);
        Assert.DoesNotContain("tooshort123", output);
    }
}
