using System.Net;
using System.Text;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Identity;

/// <summary>Tokens that let nobody in, at either endpoint; whatever is wrong, the client is told the same.</summary>
public sealed class BadTokenTests(TokenFixture fixture) : IClassFixture<TokenFixture>
{
    private static readonly TestKey Rsa = TokenFixture.AllKeys[0];
    private static readonly TestKey Ec = TokenFixture.AllKeys[1];
    private static readonly long Now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    private static readonly Dictionary<string, Func<string>> Bad = new()
    {
        ["expired"] = () => Rsa.Token(new() { ["exp"] = Now - 60 }),
        ["without an end"] = () => Rsa.Token(new() { ["exp"] = null }),
        ["end is no number"] = () => Rsa.Token(new() { ["exp"] = "tomorrow" }),
        ["not valid yet"] = () => Rsa.Token(new() { ["nbf"] = Now + 120 }),
        ["wrong audience"] = () => Rsa.Token(new() { ["aud"] = "another application" }),
        ["no audience"] = () => Rsa.Token(new() { ["aud"] = null }),
        ["audience in other letters"] = () => Rsa.Token(new() { ["aud"] = "Gateway" }),
        ["wrong issuer"] = () => Rsa.Token(new() { ["iss"] = "https://evil.example" }),
        ["no issuer"] = () => Rsa.Token(new() { ["iss"] = null }),
        ["nobody"] = () => Rsa.Token(new() { ["sub"] = null }),
        ["empty sub"] = () => Rsa.Token(new() { ["sub"] = "" }),
        ["alg none"] = () => WithoutSignature("none"),
        ["alg None"] = () => WithoutSignature("None"),
        ["alg none with the signature of another"] = () => Rsa.Token(header: new() { ["alg"] = "none" }),
        ["alg missing"] = () => Rsa.Token(header: new() { ["alg"] = null }),
        ["HS256 with the public key as the secret"] = () => Forged(Rsa, Encoding.ASCII.GetBytes(Rsa.Pem)),
        ["HS256 with the public key's bytes as the secret"] = () => Forged(Rsa, Convert.FromBase64String(string.Concat(Rsa.Pem.Split('\n').Where(line => !line.StartsWith('-'))))),
        ["HS256 with the EC key as the secret"] = () => Forged(Ec, Encoding.ASCII.GetBytes(Ec.Pem)),
        ["another key under a known id"] = () => TestKey.Rsa(Rsa.Id).Token(),
        ["unknown key id"] = () => TestKey.Rsa("unheard-of").Token(),
        ["an EC key's id with an RSA algorithm"] = () => Rsa.Token(header: new() { ["kid"] = Ec.Id }),
        ["an algorithm that the key is not for"] = () => Ec.Token(header: new() { ["alg"] = "ES384" }),
        ["truncated"] = () => Rsa.Token()[..^20],
        ["cut after the claims"] = () => Rsa.Token()[..Rsa.Token().LastIndexOf('.')],
        ["no signature"] = () => Rsa.Token()[..(Rsa.Token().LastIndexOf('.') + 1)],
        ["claims exchanged"] = Exchanged,
        ["a critical extension"] = () => Rsa.Token(header: new() { ["crit"] = new[] { "exp" } }),
        ["padded"] = () => Rsa.Token() + "=",
        ["five parts"] = () => Rsa.Token() + ".a.b",
        ["no JSON"] = () => "YWJj.YWJj.YWJj",
        ["no base64"] = () => "!.!.!",
        ["not a token"] = () => "secret",
        ["far too long"] = () => Rsa.Token(new() { ["x"] = new string('x', 20_000) })[..20_000],
    };

    public static TheoryData<Kind, string> All()
    {
        var all = new TheoryData<Kind, string>();
        foreach (var kind in Enum.GetValues<Kind>())
            foreach (var name in Bad.Keys)
                all.Add(kind, name);
        return all;
    }

    [Theory, MemberData(nameof(All))]
    public async Task BadTokenIsRefused(Kind kind, string which)
    {
        var (status, text) = await fixture.AskAsync(kind, "", headers => headers.TryAddWithoutValidation("Authorization", "Bearer " + Bad[which]()));

        Assert.Equal((HttpStatusCode.Unauthorized, "Invalid token"), (status, text));
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task WithoutATokenNobodyComesIn(Kind kind) => Assert.Equal((HttpStatusCode.Unauthorized, "Unauthorized"), await fixture.AskAsync(kind, "?username=Ann&token="));

    [Theory]
    [InlineData(Kind.Raw, "Cookie", "access_token={0}; token={0}")]
    [InlineData(Kind.SignalR, "Cookie", "access_token={0}; token={0}")]
    [InlineData(Kind.Raw, "Authorization", "Basic {0}")]
    [InlineData(Kind.SignalR, "Authorization", "Basic {0}")]
    [InlineData(Kind.Raw, "Authorization", "{0}")]
    [InlineData(Kind.SignalR, "X-Authorization", "Bearer {0}")]
    [InlineData(Kind.Raw, "Sec-WebSocket-Protocol", "gateway, {0}")]
    [InlineData(Kind.SignalR, "Sec-WebSocket-Protocol", "{0}")]
    public async Task TokenInTheWrongPlaceIsNone(Kind kind, string header, string value) => Assert.Equal(
        (HttpStatusCode.Unauthorized, "Unauthorized"),
        await fixture.AskAsync(kind, "", headers => headers.TryAddWithoutValidation(header, string.Format(System.Globalization.CultureInfo.InvariantCulture, value, Rsa.Token()))));

    [Fact]
    public async Task UpgradesAreRefusedAsWell()
    {
        foreach (var path in new[] { "/ws", "/hub" })
        {
            using var socket = new System.Net.WebSockets.ClientWebSocket();
            socket.Options.CollectHttpResponseDetails = true;
            await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(() =>
                socket.ConnectAsync(new Uri($"ws://{fixture.Server.Authority}{path}?access_token=" + Bad["expired"]()), default).Within("the refusal"));

            Assert.Equal(HttpStatusCode.Unauthorized, socket.HttpStatusCode);
        }
    }

    [Fact]
    public async Task ClockMayDifferByAsMuchAsIsAllowed()
    {
        Assert.Equal(HttpStatusCode.UpgradeRequired, (await fixture.AskAsync(Kind.Raw, "?token=" + Rsa.Token(new() { ["exp"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 10 }))).Status);
        Assert.Equal(HttpStatusCode.UpgradeRequired, (await fixture.AskAsync(Kind.Raw, "?token=" + Rsa.Token(new() { ["nbf"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 10 }))).Status);
    }

    private static string WithoutSignature(string algorithm) =>
        Rsa.Token(header: new() { ["alg"] = algorithm }) is var token ? token[..(token.LastIndexOf('.') + 1)] : "";

    private static string Forged(TestKey known, byte[] secret) => TestKey.Symmetric(secret).Token(header: new() { ["kid"] = known.Id });

    private static string Exchanged()
    {
        var (mine, other) = (Rsa.Token().Split('.'), Rsa.Token(new() { ["sub"] = "admin" }).Split('.'));
        return $"{mine[0]}.{other[1]}.{mine[2]}";
    }
}
