using System.Net;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Admin;

/// <summary>The balancer's configuration that the repository ships keeps the admin API from clients.</summary>
public sealed class BalancerTests
{
    [Fact]
    public async Task AdminApiIsNotPublishedHoweverItsPathIsWritten()
    {
        await using var gateway = await GatewayProcess.StartAsync("--admin:api_key=" + AdminClient.Key);
        await using var nginx = await Nginx.StartAsync([gateway.Server]);
        using var http = new HttpClient { DefaultRequestHeaders = { { "X-Api-Key", AdminClient.Key } } };

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(gateway.Server, "/API/V1/config"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(nginx.Server, "/health/live"));
        foreach (var path in new[] { "/api/v1/config", "/API/V1/config", "/api/V1/config", "//api/v1/config", "/%61pi/v1/config" })
            Assert.Equal((path, HttpStatusCode.NotFound), (path, await StatusAsync(nginx.Server, path)));

        async Task<HttpStatusCode> StatusAsync(Uri server, string path)
        {
            using var answer = await http.GetAsync(new Uri($"http://{server.Authority}{path}")).Within("the answer");
            return answer.StatusCode;
        }
    }
}
