using System.Net;
using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Options;
using Gateway.Configuration;
using Gateway.Core.Replicas;
using Gateway.Testing;

namespace Gateway.IntegrationTests.AnyReplica;

/// <summary>
/// What the replicas sign with: from the configuration wherever users are authenticated, so that reading Redis makes nobody somebody else.
/// </summary>
public sealed class TokenKeyTests : IAsyncLifetime
{
    private const string Old = "the old key, which is thirty-two bytes long";
    private const string New = "the new key, which is thirty-two bytes long";
    private const string StoredKey = "gw:{replicas}:key";

    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync() => await _redis.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WithTokensNothingInRedisSigns(bool ownKey)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o =>
        {
            Share(o, ownKey ? [New] : []);
            (o.Auth.Mode, o.Auth.SigningKey) = (AuthMode.Jwt, [System.Text.Encoding.UTF8.GetString(Identity.TestKey.Secret)]);
        });
        var token = TwoTokenReplicas.Token("ada", TimeSpan.FromHours(1));
        await Negotiated.AskAsync(new Uri(gateway.Server, "/hub?access_token=" + token));

        Assert.Equal(":0", await _redis.CommandAsync($"EXISTS {StoredKey}"));
    }

    [Fact]
    public async Task WithPublicKeysTheStartNeedsATokenKeyAndSaysSo()
    {
        string[] arguments =
        [
            "--server:port=0", "--metrics:port=0", "--redis:enabled=true", "--redis:connection=" + _redis.Address,
            "--auth:mode=jwt", "--auth:authority=http://localhost:1/realm", "--auth:audience=gateway",
        ];
        var (exitCode, _, errors) = await GatewayProcess.RunToExitAsync(arguments);

        Assert.Equal(1, exitCode);
        Assert.StartsWith("server.token_key: is missing; auth.mode jwt with redis.enabled needs it", errors, StringComparison.Ordinal);
        await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => EmbeddedGateway.StartAsync(o =>
        {
            Share(o);
            (o.Auth.Mode, o.Auth.Authority, o.Auth.Audience) = (AuthMode.Jwt, "http://localhost:1/realm", "gateway");
        }));
    }

    /// <summary>The steps of a rotation, one after the other: at each the replicas understand one another.</summary>
    [Theory]
    [InlineData(new[] { Old }, new[] { Old, New })]
    [InlineData(new[] { Old, New }, new[] { New, Old })]
    [InlineData(new[] { New, Old }, new[] { New })]
    public async Task KeyIsRotatedReplicaByReplica(string[] first, string[] second)
    {
        await using var a = await EmbeddedGateway.StartAsync(o => Share(o, first));
        await using var b = await EmbeddedGateway.StartAsync(o => Share(o, second));
        foreach (var (owner, other) in new[] { (a, b), (b, a) })
        {
            using var client = await Fallback.BeginAsync(owner.Server, other.Server, "?rooms=");
            await client.NextAsync(other.Server, 1);
        }
    }

    [Fact]
    public async Task ReplicasOfDifferentKeysAreStrangers()
    {
        await using var a = await EmbeddedGateway.StartAsync(o => Share(o, Old));
        await using var b = await EmbeddedGateway.StartAsync(o => Share(o, New));
        var negotiated = await Negotiated.AskAsync(new Uri(a.Server, "/hub"));
        using var http = new HttpClient();
        using var answer = await http.GetAsync(negotiated.With(new Uri(b.Server, "/hub"))).Within("the answer");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task KeyInRedisEndsAndADeletedOneIsReplacedAndTold()
    {
        string[] arguments = ["--redis:enabled=true", "--redis:connection=" + _redis.Address, "--rooms:auto_join=lobby"];
        // known to each other from the start
        await using var a = await GatewayProcess.StartAsync([.. arguments, $"--server:port={Nginx.FreePort()}"]);
        await using var b = await GatewayProcess.StartAsync([.. arguments, $"--server:port={Nginx.FreePort()}"]);
        Assert.InRange(int.Parse((await _redis.CommandAsync($"TTL {StoredKey}"))[1..]), 1, 24 * 3600);
        using var client = await Fallback.BeginAsync(a.Server, b.Server);

        Assert.Equal("+OK", await _redis.CommandAsync($"RENAME {StoredKey} before"));
        foreach (var replica in new[] { a, b })
            await Deadline.Until(
                () => replica.Output.Contains("was deleted or replaced in Redis", StringComparison.Ordinal), "the loss is told",
                TimeSpan.FromSeconds(30));

        Assert.Equal(":1", await _redis.CommandAsync($"EXISTS {StoredKey}"));
        Assert.Equal(
            ":0",
            await _redis.CommandAsync(
                $"EVAL \"return redis.call('get',KEYS[1])==redis.call('get',KEYS[2])and(1)or(0)\" 2 {StoredKey} before"));
        await client.NextAsync(b.Server, 1); // what was signed before stays good
        using var next = await Fallback.BeginAsync(b.Server, a.Server);
        await next.NextAsync(a.Server, 1);
    }

    [Fact]
    public void FirstKeySignsAndAllVerify()
    {
        var (both, old, none) = (new ReplicaKey(), new ReplicaKey(), new ReplicaKey());
        var options = new ProgramOptions { Server = { TokenKey = [New, Old] } };
        both.Set(AnyReplicaServices.Configured(options));
        old.Set(System.Text.Encoding.UTF8.GetBytes(Old));
        var (byBoth, byOld) = (new byte[ReplicaKey.SignatureBytes], new byte[ReplicaKey.SignatureBytes]);
        both.Sign(SignaturePurpose.ConnectionToken, "x"u8, byBoth);
        old.Sign(SignaturePurpose.ConnectionToken, "x"u8, byOld);

        Assert.True(both.Verify(SignaturePurpose.ConnectionToken, "x"u8, byBoth));
        Assert.True(both.Verify(SignaturePurpose.ConnectionToken, "x"u8, byOld));
        Assert.False(old.Verify(SignaturePurpose.ConnectionToken, "x"u8, byBoth));
        Assert.False(both.Verify(SignaturePurpose.ForwardedRequest, "x"u8, byBoth));
        Assert.False(none.Verify(SignaturePurpose.ConnectionToken, "x"u8, byBoth));
    }

    private void Share(ProgramOptions options, params string[] keys)
    {
        (options.Redis.Enabled, options.Redis.Connection) = (true, [_redis.Address]);
        options.Server.Port = Nginx.FreePort(); // known to the other one from the beginning
        options.Server.TokenKey = keys;
    }
}
