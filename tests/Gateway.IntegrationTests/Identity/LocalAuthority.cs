using Gateway.AspNetCore.Options;
using Gateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gateway.IntegrationTests.Identity;

/// <summary>An OpenID Connect authority on a port of its own: its discovery document, and its keys, which the test changes.</summary>
internal sealed class LocalAuthority : IAsyncDisposable
{
    public const string Issuer = "https://id.example.com/realms/main";

    private readonly WebApplication _app;
    private int _fetches;
    private int _waiting;

    private LocalAuthority(WebApplication app) => _app = app;

    public IReadOnlyList<TestKey> Keys { get; set; } = [];

    /// <summary>Keys of other kinds beside them.</summary>
    public IReadOnlyList<Dictionary<string, string>> More { get; set; } = [];

    /// <summary>What its discovery document says of where its keys are, if that is elsewhere.</summary>
    public string? KeysAddress { get; set; }

    /// <summary>It answers only then.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Requests that wait for it.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>It answers with 500.</summary>
    public bool IsAway { get; set; }

    /// <summary>How often its keys were fetched.</summary>
    public int Fetches => Volatile.Read(ref _fetches);

    public string Address => _app.Urls.First();

    public static async Task<LocalAuthority> StartAsync(params TestKey[] keys)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var authority = new LocalAuthority(app) { Keys = keys };
        app.MapGet("/.well-known/openid-configuration", async () =>
        {
            Interlocked.Increment(ref authority._waiting);
            await authority.Gate;
            Interlocked.Decrement(ref authority._waiting);
            return authority.IsAway ? Results.StatusCode(500)
                : Results.Json(new { issuer = Issuer, jwks_uri = authority.KeysAddress ?? authority.Address + "/keys" });
        });
        app.MapGet("/redirect", () => Results.Redirect("/keys"));
        app.MapGet("/large", () => Results.Text("{\"keys\":[]}" + new string(' ', 2 << 20)));
        app.MapGet("/keys", () =>
        {
            Interlocked.Increment(ref authority._fetches);
            return Results.Json(new { keys = authority.Keys.Select(key => key.Jwk()).Concat(authority.More) });
        });
        await app.StartAsync().Within("the authority to start");
        return authority;
    }

    /// <summary>The options of a gateway that takes this authority's tokens.</summary>
    public void Trust(GatewayOptions options)
    {
        options.Auth.Mode = AuthMode.Jwt;
        options.Auth.Authority = Address;
        options.Auth.Audience = "gateway";
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().Within("the authority to stop");
        await _app.DisposeAsync();
    }
}
