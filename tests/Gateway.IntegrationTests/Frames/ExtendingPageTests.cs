using System.Net.WebSockets;
using Gateway.AspNetCore.Frames;
using Gateway.Testing;
using Microsoft.AspNetCore.Builder;

namespace Gateway.IntegrationTests.Frames;

/// <summary>The handler in docs/extending.md is the file beside this one: it compiles, and does what the page says.</summary>
public sealed class ExtendingPageTests
{
    [Fact]
    public void PageShowsTheHandlerAsItIs()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "extending.md"));
        var handler = File.ReadAllText(Path.Combine(Repository.Root, "tests", "Gateway.IntegrationTests", "Frames", "ShoutHandler.cs"));

        Assert.Contains("```csharp\n" + handler + "```", page);
        Assert.InRange(handler.Split('\n').Count(line => line.Trim().Length > 1), 1, 20); // braces do not count
    }

    [Fact]
    public async Task HandlerOfThePageDoesWhatThePageSays()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(map: app => app.MapFrames("/shout", _ => new ShoutHandler()));
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/shout?username=Ann");
        await client.SendAsync("hello");

        Assert.Equal("Ann: HELLO!", await client.ReadTextAsync());
        Assert.Contains(
            "403", (await Assert.ThrowsAsync<WebSocketException>(() => FrameClient.ConnectAsync(gateway.Server, "/shout?tired"))).Message);
    }
}
