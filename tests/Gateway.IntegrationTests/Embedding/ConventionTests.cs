using System.Net;
using System.Text.Json;
using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Options;
using Gateway.Core.Hosting;
using Gateway.Testing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.IntegrationTests.Embedding;

/// <summary>
/// Conventions of the application on the gateway's endpoints: CORS, rate limits, and authorization with several replicas.
/// </summary>
public sealed class ConventionTests
{
    private const string Negotiate = "/hub/negotiate?negotiateVersion=1";
    private const string Page = "https://page.example.com";
    private const string OtherPage = "https://other.example.com";

    [Fact]
    public async Task RequireCorsHolds()
    {
        await using var app = await StartWithCorsAsync(options => options.Server.AllowedOrigins = [Page, OtherPage]);

        using var preflight = await AskAsync(app, HttpMethod.Options, Negotiate, Page);
        using var fromPage = await AskAsync(app, HttpMethod.Post, Negotiate, Page);
        using var fromOther = await AskAsync(app, HttpMethod.Post, Negotiate, OtherPage);

        Assert.Equal((HttpStatusCode.NoContent, Page), (preflight.StatusCode, AllowedOrigin(preflight)));
        Assert.Equal((HttpStatusCode.OK, Page), (fromPage.StatusCode, AllowedOrigin(fromPage)));
        Assert.Equal("X-Own", fromPage.Headers.GetValues("Access-Control-Expose-Headers").Single());
        Assert.Null(AllowedOrigin(fromOther)); // the gateway would allow it, the application's policy does not
    }

    [Theory]
    [InlineData("POST", Negotiate)]
    [InlineData("GET", "/ws")]
    public async Task RequireCorsDoesNotReplaceTheOriginsOfTheGateway(string method, string path)
    {
        await using var app = await StartWithCorsAsync(_ => { });

        using var answer = await AskAsync(app, new HttpMethod(method), path, Page);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task RequireRateLimitingHoldsForAllEndpointsTogether()
    {
        await using var app = await Application.StartAsync(
            builder =>
            {
                builder.Services.AddGateway(Application.Quiet);
                builder.Services.AddRateLimiter(limiter => limiter.AddFixedWindowLimiter("two", window =>
                    (window.PermitLimit, window.Window, limiter.RejectionStatusCode) = (2, TimeSpan.FromHours(1), 429)));
            },
            map: a =>
            {
                a.UseRateLimiter();
                a.MapGateway().RequireRateLimiting("two");
            });

        await using (var client = await RawClient.ConnectAsync(app.Server)) await client.RequestAsync("ping", null);
        Assert.Equal(HttpStatusCode.OK, await app.StatusAsync(HttpMethod.Post, Negotiate));
        Assert.Equal(HttpStatusCode.TooManyRequests, await app.StatusAsync(HttpMethod.Post, Negotiate));
        Assert.Equal(HttpStatusCode.TooManyRequests, await app.StatusAsync(HttpMethod.Get, "/ws"));
    }

    /// <summary>A token is removed before a request is forwarded, and a client certificate stays on the client's TLS connection.</summary>
    [Theory]
    [InlineData("X-User", "ada")]
    [InlineData("Authorization", "Bearer ada")]
    public async Task ForwardedRequestIsServedDespiteRequireAuthorization(string header, string value)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await StartReplicaAsync(redis);
        await using var b = await StartReplicaAsync(redis);
        using var negotiated = await AskAsync(a, HttpMethod.Post, Negotiate, origin: null, (header, value));
        using var json = JsonDocument.Parse(await negotiated.Content.ReadAsStringAsync());
        var poll = "/hub?id=" + json.RootElement.GetProperty("connectionToken").GetString();

        // A replica tells its address with a heartbeat, after it has started to listen.
        await Deadline.Until(
            async () => await b.StatusAsync(HttpMethod.Get, poll, (header, value)) == HttpStatusCode.OK, "the poll is forwarded");

        Assert.Equal(HttpStatusCode.Unauthorized, await b.StatusAsync(HttpMethod.Get, poll));
        Assert.Equal(HttpStatusCode.Forbidden, await b.StatusAsync(HttpMethod.Get, poll, (header, value.Replace("ada", "eve"))));
    }

    [Theory]
    [InlineData("GET", "/hub/forwarded?id=x")]
    [InlineData("POST", "/hub/forwarded")]
    [InlineData("POST", "/hub/forwarded/negotiate?negotiateVersion=1")]
    public async Task EndpointForReplicasServesNobodyElse(string method, string path)
    {
        await using var app = await Application.StartAsync(builder => AddLogin(builder), map: a => a.MapGateway().RequireAuthorization());

        Assert.Equal(HttpStatusCode.NotFound, await app.StatusAsync(new HttpMethod(method), path));
        Assert.Equal(HttpStatusCode.NotFound, await app.StatusAsync(new HttpMethod(method), path, ("X-User", "ada")));
        Assert.Equal(
            HttpStatusCode.Forbidden, await app.StatusAsync(new HttpMethod(method), path, (ForwardedRequest.Header, "e30.AAAA")));
    }

    private static Task<Application> StartWithCorsAsync(Action<GatewayOptions> set) => Application.StartAsync(
        builder =>
        {
            builder.Services.AddGateway(Application.Quiet).Services.Configure(set);
            builder.Services.AddCors(cors => cors.AddPolicy(
                "page", policy => policy.WithOrigins(Page).AllowAnyHeader().AllowAnyMethod().WithExposedHeaders("X-Own")));
        },
        map: a =>
        {
            a.UseCors();
            a.MapGateway().RequireCors("page");
        });

    private static Task<Application> StartReplicaAsync(RedisServer redis) => Application.StartAsync(
        builder => AddLogin(builder).AddRedis(redis.Address), map: a => a.MapGateway().RequireAuthorization());

    private static IGatewayBuilder AddLogin(WebApplicationBuilder builder)
    {
        builder.Services.AddAuthentication("header")
            .AddScheme<AuthenticationSchemeOptions, Application.HeaderAuthentication>("header", null);
        builder.Services.AddAuthorization();
        return builder.Services.AddGateway(Application.Quiet);
    }

    private static async Task<HttpResponseMessage> AskAsync(
        Application app, HttpMethod method, string path, string? origin, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (origin != null) request.Headers.Add("Origin", origin);
        if (method == HttpMethod.Options) request.Headers.Add("Access-Control-Request-Method", "POST");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await app.Http.SendAsync(request).Within("the answer");
    }

    private static string? AllowedOrigin(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var origins) ? origins.Single() : null;
}
