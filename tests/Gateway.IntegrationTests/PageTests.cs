using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Gateway.Pages;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>The page at <c>/</c> as a browser and a cache see it. What it does is seen in a real browser, in tests/browser.</summary>
public sealed partial class PageTests : IAsyncLifetime
{
    private readonly HttpClient _http = new() { Timeout = Deadline.Usual };
    private EmbeddedGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.True(
            Dashboard.IsEmbedded,
            "the dashboard was not built into the gateway: the build needs Node.js 20 or later, and the npm registry");
        _gateway = await EmbeddedGateway.StartAsync(o => (o.Raw.Path, o.SignalR.Path) = ("/socket", "/live-hub"));
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _gateway.DisposeAsync();
    }

    [Fact]
    public async Task ShellIsAskedForAgainAndRunsNothingButItsOwn()
    {
        using var answer = await GetAsync("/");

        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal("no-cache", answer.Headers.CacheControl?.ToString());
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'", policy);
        Assert.Contains("frame-ancestors 'none'", policy);
        Assert.DoesNotContain("unsafe", policy);
        var html = await answer.Content.ReadAsStringAsync();
        Assert.Contains("data-raw-path=\"/socket\" data-hub-path=\"/live-hub\"", html);
        Assert.DoesNotContain("<style", html);
        Assert.DoesNotMatch("<script(?![^>]*src=)", html);
    }

    [Fact]
    public async Task FilesAreKeptForGoodUnderNamesThatChangeWithThem()
    {
        foreach (var (path, type) in await AssetsAsync())
        {
            using var answer = await GetAsync(path);
            Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
            Assert.Equal("public, max-age=31536000, immutable", answer.Headers.CacheControl?.ToString());
        }
    }

    [Theory]
    [InlineData("gzip, deflate, br", "br")]
    [InlineData("gzip", "gzip")]
    [InlineData("br;q=0, gzip;q=0.5", "gzip")]
    [InlineData("identity", null)]
    [InlineData(null, null)]
    public async Task FilesAreCompressedAsTheClientLikes(string? accepts, string? encoding)
    {
        foreach (var path in (await AssetsAsync()).Select(asset => asset.Path).Append("/"))
        {
            using var plain = await GetAsync(path);
            using var answer = await GetAsync(path, accepts);
            Assert.Equal(encoding, answer.Content.Headers.ContentEncoding.SingleOrDefault());
            Assert.Equal("Accept-Encoding", answer.Headers.Vary.Single());
            var (length, whole) = (answer.Content.Headers.ContentLength, plain.Content.Headers.ContentLength);
            if (encoding == null) Assert.Equal(whole, length);
            else Assert.InRange(length!.Value, 1, whole!.Value / 2);
        }
    }

    [Fact]
    public async Task WhoHasItAlreadyGetsNothing()
    {
        foreach (var accepts in new[] { null, "br" })
        {
            using var first = await GetAsync("/", accepts);
            using var again = await GetAsync("/", accepts, first.Headers.ETag);
            Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
            Assert.Empty(await again.Content.ReadAsByteArrayAsync());
        }
        using var other = await GetAsync("/", null, new EntityTagHeaderValue("\"another\""));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task HeadIsWithoutABodyAndUnknownFilesAreNotThere()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, new Uri(_gateway.Server, "/"));
        using var head = await _http.SendAsync(request).Within("the answer");
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.True(head.Content.Headers.ContentLength > 1000);

        foreach (var path in new[] { "/assets/", "/assets/nothing.js", "/index.html", "/assets/..%2f..%2fgateway.yaml" })
        {
            using var answer = await GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public async Task PageCanBeSwitchedOff()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => o.Server.Page = false);
        foreach (var path in new[] { "/", "/asyncapi.yaml" })
        {
            using var answer = await _http.GetAsync(new Uri(gateway.Server, path)).Within("the answer");
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string? accepts = null, EntityTagHeaderValue? has = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_gateway.Server, path));
        if (accepts != null) request.Headers.TryAddWithoutValidation("Accept-Encoding", accepts);
        if (has != null) request.Headers.IfNoneMatch.Add(has);
        return await _http.SendAsync(request).Within("the answer");
    }

    private async Task<IReadOnlyList<(string Path, string Type)>> AssetsAsync()
    {
        using var page = await GetAsync("/");
        var found = AssetPattern().Matches(await page.Content.ReadAsStringAsync()).Select(
            match => (Path: "/" + match.Groups[1].Value, Type: match.Groups[2].Value == "js" ? "text/javascript" : "text/css")).ToList();
        Assert.Equal(2, found.Count);
        return found;
    }

    [GeneratedRegex("""(?:src|href)="\./(assets/[^"]+\.(js|css))""")]
    private static partial Regex AssetPattern();
}
