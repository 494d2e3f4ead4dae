using System.Net;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Identity;

/// <summary>An authority that changes its keys, and one that is away.</summary>
public sealed class AuthorityTests : IAsyncLifetime
{
    private readonly TestKey _old = TestKey.Rsa("2026-01");
    private readonly TestKey _new = TestKey.Ec("2026-02");
    private LocalAuthority _authority = null!;

    public async ValueTask InitializeAsync() => _authority = await LocalAuthority.StartAsync(_old);

    public async ValueTask DisposeAsync() => await _authority.DisposeAsync();

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task KeyThatIsNewIsFetchedAndOneThatIsGoneHoldsNoMore(Kind kind)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(_authority.Trust);
        await (await Clients.ConnectAsync(kind, gateway.Server, "?access_token=" + _old.Token())).DisposeAsync();

        _authority.Keys = [_new];

        await Deadline.Until(async () => await StatusAsync(gateway, _new.Token()) == HttpStatusCode.UpgradeRequired, "the new key is known");
        await (await Clients.ConnectAsync(kind, gateway.Server, "?access_token=" + _new.Token())).DisposeAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(gateway, _old.Token()));
    }

    [Fact]
    public async Task MadeUpKeyIdsDoNotLeadToARequestEach()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(_authority.Trust);
        for (var i = 0; i < 50; i++) Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(gateway, _old.Token(header: new() { ["kid"] = "made-up-" + i })));

        Assert.InRange(_authority.Fetches, 1, 3);
    }

    [Fact]
    public async Task ManyAtOnceWaitForOneFetch()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(_authority.Trust);

        var all = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => StatusAsync(gateway, _old.Token()))).Within("all answers");

        Assert.All(all, status => Assert.Equal(HttpStatusCode.UpgradeRequired, status));
        Assert.Equal(1, _authority.Fetches);
    }

    [Fact]
    public async Task WhileTheAuthorityIsAwayTokensCannotBeCheckedAndTheGatewayStaysReady()
    {
        _authority.IsAway = true;
        await using var gateway = await EmbeddedGateway.StartAsync(_authority.Trust);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(gateway, _old.Token()));
        using var http = new HttpClient();
        Assert.Equal("ready", await http.GetStringAsync(new Uri(gateway.Server, "/health/ready")).Within("readiness"));

        _authority.IsAway = false;
        await Deadline.Until(async () => await StatusAsync(gateway, _old.Token()) == HttpStatusCode.UpgradeRequired, "its keys are there");
        _authority.IsAway = true;
        Assert.Equal(HttpStatusCode.UpgradeRequired, await StatusAsync(gateway, _old.Token())); // the keys of before hold
    }

    private static async Task<HttpStatusCode> StatusAsync(EmbeddedGateway gateway, string token)
    {
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri(gateway.Server, "/ws?token=" + token)).Within("the answer");
        return response.StatusCode;
    }
}
