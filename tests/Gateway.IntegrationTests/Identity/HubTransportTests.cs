using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Identity;

/// <summary>Server-sent events and long polling by hand: every request of a connection needs its user's token.</summary>
public sealed class HubTransportTests(TokenFixture fixture) : IClassFixture<TokenFixture>
{
    private const char End = '\u001e';

    private readonly string _ada = fixture.Key.Token();
    private readonly string _eve = fixture.Key.Token(new() { ["sub"] = "eve" });

    [Fact]
    public async Task LongPollingIsCheckedRequestByRequest()
    {
        using var http = new HttpClient();
        var id = await NegotiateAsync(http, _ada);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, HttpMethod.Get, id, _ada)); // the first poll opens it
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, HttpMethod.Post, id, _ada, "{\"protocol\":\"json\",\"version\":1}" + End));
        var heard = "";
        while (!heard.Contains("\"welcome\"", StringComparison.Ordinal)) heard += await TextAsync(http, id, _ada);
        Assert.StartsWith("{}" + End, heard, StringComparison.Ordinal);
        Assert.Contains("\"user_id\":\"ada\"", heard, StringComparison.Ordinal);

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post, HttpMethod.Delete })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(http, method, id, null, Chat));
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(http, method, id, _ada[..^5], Chat));
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(http, method, id, _eve, Chat));
        }
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, HttpMethod.Post, id, _ada, Chat));
        Assert.Equal(HttpStatusCode.Accepted, await StatusAsync(http, HttpMethod.Delete, id, _ada));
    }

    [Fact]
    public async Task ServerSentEventsAreCheckedRequestByRequest()
    {
        using var http = new HttpClient();
        var id = await NegotiateAsync(http, _ada);
        using var request = Request(HttpMethod.Get, id, _ada);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using var events = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).Within("the stream");
        Assert.Equal(HttpStatusCode.OK, events.StatusCode);

        Assert.Equal(
            HttpStatusCode.Forbidden, await StatusAsync(http, HttpMethod.Post, id, _eve, "{\"protocol\":\"json\",\"version\":1}" + End));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, HttpMethod.Post, id, _ada, "{\"protocol\":\"json\",\"version\":1}" + End));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(http, HttpMethod.Post, id, null, Chat));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(http, HttpMethod.Post, id, _eve, Chat));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, HttpMethod.Post, id, _ada, Chat));

        using var reader = new StreamReader(await events.Content.ReadAsStreamAsync());
        string? line;
        do line = await reader.ReadLineAsync().Within("the events");
        while (line?.Contains("\"chat\"", StringComparison.Ordinal) != true);
        Assert.Contains("\"user_id\":\"ada\"", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestsOfAConnectionThatIsNoMoreLeaveNothingBehind()
    {
        using var http = new HttpClient();
        for (var i = 0; i < 20; i++)
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(http, HttpMethod.Post, "made-up-" + i, _eve, Chat));

        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(http, HttpMethod.Post, "made-up-1", _ada, Chat)); // nobody owns it
    }

    private static string Chat => "{\"type\":1,\"target\":\"Chat\",\"arguments\":[{\"content\":\"hello\"}]}" + End;

    private async Task<string> NegotiateAsync(HttpClient http, string token)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post,
            new Uri(fixture.Server, "/hub/negotiate?negotiateVersion=1"))
        { Headers = { Authorization = new("Bearer", token) } };
        using var response = await http.SendAsync(request).Within("the negotiation");
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty("connectionToken").GetString()!;
    }

    private async Task<HttpStatusCode> StatusAsync(HttpClient http, HttpMethod method, string id, string? token, string? content = null)
    {
        using var request = Request(method, id, token);
        if (method == HttpMethod.Post) request.Content = new StringContent(content ?? "", Encoding.UTF8, "text/plain");
        using var response = await http.SendAsync(request).Within($"the answer to {method}");
        return response.StatusCode;
    }

    private async Task<string> TextAsync(HttpClient http, string id, string token)
    {
        using var request = Request(HttpMethod.Get, id, token);
        using var response = await http.SendAsync(request).Within("a poll");
        return await response.Content.ReadAsStringAsync();
    }

    private HttpRequestMessage Request(HttpMethod method, string id, string? token)
    {
        var request = new HttpRequestMessage(method, new Uri(fixture.Server, "/hub?rooms=lobby&id=" + Uri.EscapeDataString(id)));
        if (token != null) request.Headers.Authorization = new("Bearer", token);
        return request;
    }
}
