using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Gateway.Configuration;
using Gateway.Pages;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gateway.Tests.Pages;

public sealed partial class FallbackPageTests
{
    [Fact]
    public async Task PolicyAllowsTheScriptAndTheStyleThatArePartOfThePageAndNothingElse()
    {
        var (page, policy) = await GetAsync(new ProgramOptions());

        Assert.Contains($"script-src '{Hash(Script(), page)}';", policy, StringComparison.Ordinal);
        Assert.Contains($"style-src '{Hash(Style(), page)}';", policy, StringComparison.Ordinal);
        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PageConnectsToTheConfiguredRawPath()
    {
        var (page, _) = await GetAsync(new ProgramOptions { Raw = { Path = "/live/socket" } });

        Assert.Contains("data-raw-path=\"/live/socket\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("{raw_path}", page, StringComparison.Ordinal);
    }

    private static async Task<(string Page, string Policy)> GetAsync(ProgramOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(options);
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapFallbackPage();
        await app.StartAsync();
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        using var response = await http.GetAsync(new Uri(app.Urls.First()));
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadAsStringAsync(), Assert.Single(response.Headers.GetValues("Content-Security-Policy")));
    }

    private static string Hash(Regex tag, string page) =>
        "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Assert.Single(tag.Matches(page)).Groups[1].Value)));

    [GeneratedRegex("<script[^>]*>(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex Script();

    [GeneratedRegex("<style[^>]*>(.*?)</style>", RegexOptions.Singleline)]
    private static partial Regex Style();
}
