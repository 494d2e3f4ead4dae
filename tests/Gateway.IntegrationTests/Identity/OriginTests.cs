using System.Net;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Identity;

/// <summary>What a browser's page of another origin may ask for, and what the browser is told of it.</summary>
public sealed class OriginTests
{
    private const string Allowed = "https://good.example";
    private const string Foreign = "http://evil.example";

    public static TheoryData<string, string> Requests() => new()
    {
        { "GET", "/ws" }, { "GET", "/hub" }, { "GET", "/hub?id=x" }, { "POST", "/hub?id=x" }, { "DELETE", "/hub?id=x" },
        { "POST", "/hub/negotiate?negotiateVersion=1" }, { "OPTIONS", "/hub/negotiate" },
    };

    [Theory, MemberData(nameof(Requests))]
    public async Task ForeignPageGets403AndNoPermissionToReadIt(string method, string path)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Server.AllowedOrigins = [Allowed]);

        using var response = await AskAsync(gateway, method, path, Foreign);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Theory, MemberData(nameof(Requests))]
    public async Task AllowedPageMayReadTheAnswerWhateverItIs(string method, string path)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Server.AllowedOrigins = [Allowed]);

        using var response = await AskAsync(gateway, method, path, Allowed);

        Assert.NotEqual(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal(Allowed, Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Equal("true", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Credentials")));
    }

    [Fact]
    public async Task PreflightAllowsWhatTheStockClientSends()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Server.AllowedOrigins = [Allowed]);

        using var response = await AskAsync(gateway, "OPTIONS", "/hub/negotiate?negotiateVersion=1", Allowed);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(
            "authorization,x-requested-with,x-signalr-user-agent",
            Assert.Single(response.Headers.GetValues("Access-Control-Allow-Headers")));
    }

    [Fact]
    public async Task PagesOfTheHostAreNotTouched()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Server.AllowedOrigins = [Allowed]);

        using var response = await AskAsync(gateway, "GET", "/health/live", Allowed);

        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    private static async Task<HttpResponseMessage> AskAsync(EmbeddedGateway gateway, string method, string path, string origin)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(gateway.Server, path));
        request.Headers.Add("Origin", origin);
        if (method == "OPTIONS")
        {
            request.Headers.Add("Access-Control-Request-Method", "POST");
            request.Headers.Add("Access-Control-Request-Headers", "authorization,x-requested-with,x-signalr-user-agent");
        }
        return await http.SendAsync(request).Within("the answer");
    }
}
