using System.Net;
using System.Net.Http.Headers;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>The description of the messages that a running gateway hands out.</summary>
public sealed class AsyncApiDocumentTests
{
    [Fact]
    public async Task DocumentIsTheRepositorysFileAndIsSentAgainOnlyAfterAChange()
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        using var http = new HttpClient();
        var address = new Uri(gateway.Server, "/asyncapi.yaml");
        using var response = await http.GetAsync(address).Within("the document");

        Assert.Equal("application/yaml", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(
            await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "asyncapi.yaml")),
            await response.Content.ReadAsStringAsync());

        using var again = new HttpRequestMessage(HttpMethod.Get, address);
        again.Headers.IfNoneMatch.Add(new EntityTagHeaderValue(response.Headers.ETag!.Tag));
        using var unchanged = await http.SendAsync(again).Within("the answer");
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }
}
