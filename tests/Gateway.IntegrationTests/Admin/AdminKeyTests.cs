using System.Net;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Admin;

/// <summary>Keys of the admin API: two while they are rotated; wrong ones are slow, and told of once a second.</summary>
public sealed class AdminKeyTests
{
    private const string Next = "the-next-key-for-tests-0123456789";

    [Fact]
    public async Task EitherOfTwoKeysIsAcceptedAndNeitherIsShown()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Admin.ApiKey = [Next, AdminClient.Key]);
        using var first = new AdminClient(gateway.Server, Next);
        using var second = new AdminClient(gateway.Server);
        using var neither = new AdminClient(gateway.Server, Next + AdminClient.Key);

        (await first.GetAsync("rooms")).Ok();
        (await second.GetAsync("rooms")).Ok();
        (await neither.GetAsync("rooms")).AssertProblem(HttpStatusCode.Unauthorized);
        var config = (await first.GetAsync("config")).Ok();
        Assert.Equal("""["***","***"]""", config.GetProperty("admin").GetProperty("api_key").GetRawText());
    }

    [Fact]
    public async Task WrongKeysAreSlowBoundedAndLoggedOnceASecond()
    {
        await using var gateway = await GatewayProcess.StartAsync($"--admin:api_key={AdminClient.Key}");
        using var stranger = new AdminClient(gateway.Server, "a-wrong-key-0123456789");
        using var server = new AdminClient(gateway.Server);
        var began = TimeProvider.System.GetTimestamp();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(_ => stranger.GetAsync("rooms"))).Within("the answers", TimeSpan.FromSeconds(60));

        (await server.GetAsync("rooms")).Ok();
        var took = TimeProvider.System.GetElapsedTime(began);
        Assert.True(took > TimeSpan.FromMilliseconds(250), $"{took}");
        Assert.Contains(answers, a => a.Status == HttpStatusCode.Unauthorized);
        Assert.Contains(answers, a => a.Status == HttpStatusCode.TooManyRequests);
        Assert.All(answers, a => Assert.True(a.Status is HttpStatusCode.Unauthorized or HttpStatusCode.TooManyRequests));
        var lines = gateway.Output.Split('\n').Count(line => line.Contains("its key is missing or wrong", StringComparison.Ordinal));
        Assert.InRange(lines, 1, (int)took.TotalSeconds + 2);
        Assert.DoesNotContain("a-wrong-key", gateway.Output, StringComparison.Ordinal);
    }
}
