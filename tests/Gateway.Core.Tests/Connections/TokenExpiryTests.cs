using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Tests.Connections;

public sealed class TokenExpiryTests : IDisposable
{
    private readonly TestCore _core;

    public TokenExpiryTests() =>
        _core = new TestCore(
            verify: token =>
                new(token == "away" ? (null, Error.KeysUnavailable)
                    : (new AuthenticatedUser(new UserIdentity(token, "Other name"), Term(3600)), null)));

    public void Dispose() => _core.Dispose();

    [Fact]
    public async Task ClientIsWarnedOnceAndThenClosed()
    {
        var client = await ConnectAsync(Term(100));
        client.Connection.CheckToken();
        Assert.Empty(client.PayloadsOf("system"));

        _core.Time.Advance(TimeSpan.FromSeconds(70));
        client.Connection.CheckToken();
        client.Connection.CheckToken();
        Assert.Single(client.PayloadsOf("system"), payload => payload.Contains("token_expiring", StringComparison.Ordinal));

        _core.Time.Advance(TimeSpan.FromSeconds(29.9));
        client.Connection.CheckToken();
        Assert.True(client.Connection.Outbox.IsOpen);
        _core.Time.Advance(TimeSpan.FromSeconds(0.1));
        client.Connection.CheckToken();
        Assert.False(client.Connection.Outbox.IsOpen);
    }

    [Fact]
    public async Task NewTokenIsWarnedOfAgain()
    {
        var client = await ConnectAsync(Term(20));
        client.Connection.CheckToken();

        await client.DoAsync("refresh", """{"token":"ada"}""");
        client.Connection.CheckToken();
        Assert.Single(client.PayloadsOf("system"));

        _core.Time.Advance(TimeSpan.FromSeconds(3590));
        client.Connection.CheckToken();
        Assert.Equal(2, client.PayloadsOf("system").Count);
        Assert.Equal("ADA", client.Connection.User.Name); // the name that the others know
    }

    [Fact]
    public async Task RefreshIsRefusedForAnotherUserAndWhileKeysCannotBeHad()
    {
        var client = await ConnectAsync(Term(20));

        Assert.Equal("403: the token is another user's", await client.FailAsync("refresh", """{"token":"eve"}"""));
        Assert.Equal("503: tokens cannot be checked now, try again later", await client.FailAsync("refresh", """{"token":"away"}"""));
        Assert.Equal("400: token must be a string", await client.FailAsync("refresh", """{"token":{}}"""));
    }

    [Fact]
    public async Task ConnectionWithoutATokenLivesOn()
    {
        var client = await _core.ConnectAsync([]);
        _core.Time.Advance(TimeSpan.FromDays(1000));

        client.Connection.CheckToken();

        Assert.True(client.Connection.Outbox.IsOpen);
        Assert.Equal("400: this connection has no token to renew", await client.FailAsync("refresh", """{"token":"ada"}"""));
    }

    private async Task<TestClient> ConnectAsync(TokenExpiry term)
    {
        var client = await _core.ConnectAsync([], "ada");
        client.Connection.Token = term;
        return client;
    }

    private TokenExpiry Term(int seconds) =>
        new(_core.Time.GetUtcNow().AddSeconds(seconds), _core.Time.GetUtcNow().AddSeconds(seconds), TimeSpan.FromSeconds(30));
}
