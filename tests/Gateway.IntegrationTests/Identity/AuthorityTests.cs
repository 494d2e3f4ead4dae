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

        await Deadline.Until(
            async () => await StatusAsync(gateway, _new.Token()) == HttpStatusCode.UpgradeRequired, "the new key is known");
        await (await Clients.ConnectAsync(kind, gateway.Server, "?access_token=" + _new.Token())).DisposeAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(gateway, _old.Token()));
    }

    [Fact]
    public async Task MadeUpKeyIdsDoNotLeadToARequestEach()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(_authority.Trust);
        for (var i = 0; i < 50; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(gateway, _old.Token(header: new() { ["kid"] = "made-up-" + i })));

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

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task TokenOfANewKeyIsTakenAtOnce(Kind kind)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(_authority.Trust);
        await (await Clients.ConnectAsync(kind, gateway.Server, "?access_token=" + _old.Token())).DisposeAsync();
        _authority.Keys = [_old, _new];
        await Task.Delay(TimeSpan.FromSeconds(3.2)); // the pause between two fetches, which is by the clock

        await (await Clients.ConnectAsync(kind, gateway.Server, "?access_token=" + _new.Token())).DisposeAsync();
    }

    [Fact]
    public async Task SlowAuthorityHoldsUpOnlyThoseWhoseKeyIsUnknown()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(_authority.Trust);
        Assert.Equal(HttpStatusCode.UpgradeRequired, await StatusAsync(gateway, _old.Token()));
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _authority.Gate = gate.Task;
        var asked = Deadline.Until(() => Task.FromResult(_authority.Waiting > 0), "the authority is asked");
        var unknown = new List<Task<HttpStatusCode>>();
        await Deadline.Until(async () =>
        {
            unknown.Add(StatusAsync(gateway, _new.Token()));
            await Task.WhenAny(unknown[^1], asked);
            return asked.IsCompleted;
        }, "a made-up key leads to a request");

        for (var i = 0; i < 20; i++) Assert.Equal(HttpStatusCode.UpgradeRequired, await StatusAsync(gateway, _old.Token()));

        Assert.Contains(unknown, answer => !answer.IsCompleted);
        gate.SetResult();
        foreach (var answer in unknown) Assert.Equal(HttpStatusCode.Unauthorized, await answer.Within("the answer"));
    }

    [Theory]
    [InlineData("oct", "k")]
    [InlineData("RSA", "use")]
    [InlineData("RSA", "small")]
    [InlineData("RSA", "alg")]
    [InlineData("nonsense", "")]
    public async Task KeysThatAreNotForSignaturesAreLeftOut(string type, string what)
    {
        var odd = what == "small" ? TestKey.Rsa("odd", bits: 1024) : TestKey.Rsa("odd");
        var key = odd.Jwk();
        if (type == "oct") key = new() { ["kty"] = "oct", ["kid"] = "odd", ["use"] = "sig", ["k"] = TestKey.Text(TestKey.Secret) };
        if (what == "use") key["use"] = "enc";
        if (what == "alg") key["alg"] = "RSA-OAEP";
        if (type == "nonsense") key = new() { ["kty"] = "RSA", ["kid"] = "odd", ["n"] = "!!", ["e"] = "?" };
        _authority.More = [key];
        await using var gateway = await EmbeddedGateway.StartAsync(_authority.Trust);

        Assert.Equal(HttpStatusCode.UpgradeRequired, await StatusAsync(gateway, _old.Token()));
        var token = type == "oct" ? TestKey.Symmetric().Token(header: new() { ["kid"] = "odd" }) : odd.Token();
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(gateway, token));
    }

    [Theory]
    [InlineData("http://192.0.2.1/keys")]
    [InlineData("file:///etc/passwd")]
    [InlineData("/keys")]
    [InlineData("redirect")]
    [InlineData("large")]
    public async Task KeysFromAPlaceThatCannotBeTrustedAreNotFetched(string address)
    {
        _authority.KeysAddress = address is "redirect" or "large" ? _authority.Address + "/" + address : address;
        await using var gateway = await EmbeddedGateway.StartAsync(_authority.Trust);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(gateway, _old.Token()));
        Assert.Equal(0, _authority.Fetches);
    }

    private static async Task<HttpStatusCode> StatusAsync(EmbeddedGateway gateway, string token)
    {
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri(gateway.Server, "/ws?token=" + token)).Within("the answer");
        return response.StatusCode;
    }
}
