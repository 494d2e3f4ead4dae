using System.Net;
using System.Net.Http.Headers;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>The description of the messages that a running gateway hands out.</summary>
public sealed class AsyncApiDocumentTests
{
    [Fact]
    public async Task ContractIsTheRepositorysFileAndIsFetchedAnewOnlyWhenItHasChanged()
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        using var http = new HttpClient();
        var address = new Uri(gateway.Server, "/asyncapi.yaml");
        using var answer = await http.GetAsync(address).Within("the contract");

        Assert.Equal("application/yaml", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "asyncapi.yaml")), await answer.Content.ReadAsStringAsync());

        using var again = new HttpRequestMessage(HttpMethod.Get, address);
        again.Headers.IfNoneMatch.Add(new EntityTagHeaderValue(answer.Headers.ETag!.Tag));
        using var unchanged = await http.SendAsync(again).Within("the answer");
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }
}
