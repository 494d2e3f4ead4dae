using System.Net;
using System.Net.Http.Headers;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Identity;

/// <summary>A gateway that takes the tokens of an authority with keys of several kinds.</summary>
public sealed class TokenFixture : IAsyncLifetime
{
    internal static readonly TestKey[] AllKeys =
    [
        TestKey.Rsa("rsa"), TestKey.Ec("p256"), TestKey.Ec("p384", "ES384"), TestKey.Ec("p521", "ES512"), TestKey.Rsa("pss", "PS256"),
        TestKey.Rsa("sha512", "RS512"),
    ];

    private readonly HttpClient _http = new();

    internal LocalAuthority Authority { get; private set; } = null!;
    internal EmbeddedGateway Gateway { get; private set; } = null!;
    internal TestKey Key => AllKeys[0];
    internal Uri Server => Gateway.Server;

    public async ValueTask InitializeAsync()
    {
        Authority = await LocalAuthority.StartAsync(AllKeys);
        Gateway = await EmbeddedGateway.StartAsync(Authority.Trust);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Gateway.DisposeAsync();
        await Authority.DisposeAsync();
    }

    /// <summary>
    /// What the gateway answers a request that connects: 426 (a WebSocket endpoint) or 200 (negotiated) if it lets it in.
    /// </summary>
    internal Task<(HttpStatusCode Status, string Text)> AskAsync(
        Kind kind, string query = "", Action<HttpRequestHeaders>? headers = null) => AskAsync(Server, kind, query, headers);

    internal async Task<(HttpStatusCode Status, string Text)> AskAsync(
        Uri server, Kind kind, string query = "", Action<HttpRequestHeaders>? headers = null)
    {
        using var request = kind == Kind.Raw
            ? new HttpRequestMessage(HttpMethod.Get, new Uri(server, "/ws" + query))
            : new HttpRequestMessage(HttpMethod.Post, new Uri(server, "/hub/negotiate" + query));
        headers?.Invoke(request.Headers);
        using var response = await _http.SendAsync(request).Within("the answer");
        var text = await response.Content.ReadAsStringAsync().Within("the text");
        Told.Note(text);
        return (response.StatusCode, text.TrimEnd());
    }

    internal static HttpStatusCode LetIn(Kind kind) => kind == Kind.Raw ? HttpStatusCode.UpgradeRequired : HttpStatusCode.OK;
}
