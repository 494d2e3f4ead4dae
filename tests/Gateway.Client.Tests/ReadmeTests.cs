using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using Gateway.Client.SignalR;
using Gateway.Testing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Client.Tests;

/// <summary>The examples of the README, which are the ones below, and the packages that it speaks of.</summary>
public sealed class ReadmeTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private static readonly string Folder = Path.Combine(Repository.Root, "clients", "dotnet");

    [Fact]
    public async Task ExampleOfTheClientDoesWhatItSays()
    {
        var address = fixture.Server.ToString();
        await using var witness = await RawClient.ConnectAsync(fixture.Server, "?rooms=lobby");
        // example: client
        await using var gw = new GatewayClient(address, new() { Username = "Ann" });
        gw.OnChat(chat => Console.WriteLine($"{chat.Username}: {chat.Content}"));
        gw.Gap += gap => Console.WriteLine($"missed {gap.From} to {gap.To} in {gap.Room}");
        await gw.JoinAsync("lobby");
        await gw.ChatAsync("hello");
        var newest = await gw.HistoryAsync("lobby", limit: 10);
        // end
        Assert.Equal("hello", (await witness.NextAsync("chat")).Text("content"));
        Assert.Contains(newest.Messages, message => message.Payload.GetProperty("content").GetString() == "hello");
    }

    [Fact]
    public async Task ExampleOfTheCompanionDoesWhatItSays()
    {
        var builder = new HubConnectionBuilder().WithAutomaticReconnect();
        builder.Services.AddSingleton<IConnectionFactory>(new WebSocketConnectionFactory(static _ => { }, null, null));
        builder.Services.AddSingleton<EndPoint>(new UriEndPoint(new Uri($"ws://{fixture.Server.Authority}/hub?rooms=")));
        var connection = builder.Build();
        await using var witness = await RawClient.ConnectAsync(fixture.Server, "?rooms=lobby");
        // example: companion
        await using var gw = connection.WithGatewayResume();
        gw.OnChat(chat => Console.WriteLine($"{chat.Username}: {chat.Content}"));
        await gw.StartAsync();
        await gw.JoinAsync("lobby");
        await gw.ChatAsync("hello");
        // end
        Assert.Equal("hello", (await witness.NextAsync("chat")).Text("content"));
    }

    [Fact]
    public void ReadmeOfTheRepositoryShowsTheSameInShort()
    {
        var here = File.ReadAllText(Path.Combine(Repository.Root, "tests", "Gateway.Client.Tests", "ReadmeTests.cs"))
            .Replace("GatewayClient(address,", "GatewayClient(\"ws://localhost:8080\",", StringComparison.Ordinal);
        var block = File.ReadAllText(Path.Combine(Repository.Root, "README.md"))
            .Split("clients/dotnet), the same:")[1].Split("```csharp\n")[1].Split("```")[0];
        var lines = block.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.InRange(lines.Length, 3, 10);
        Assert.Equal($"using {typeof(GatewayClient).Namespace};", lines[0]);
        foreach (var line in lines.Skip(1)) Assert.Contains("        " + line + "\n", here); // each is a line of an example that runs
    }

    [Theory]
    [InlineData("client")]
    [InlineData("companion")]
    public void ReadmeShowsTheExampleAsItIs(string name)
    {
        var here = File.ReadAllText(Path.Combine(Repository.Root, "tests", "Gateway.Client.Tests", "ReadmeTests.cs"));
        var example = here.Split($"        // example: {name}\n")[1].Split("        // end\n")[0]
            .Replace("\n        ", "\n", StringComparison.Ordinal).TrimStart();

        Assert.Contains("```csharp\n" + example + "```", File.ReadAllText(Path.Combine(Folder, "README.md")));
        Assert.InRange(example.Split('\n').Length, 3, 10);
    }

    [Theory]
    [InlineData("Gateway.Client")]
    [InlineData("Gateway.Client.SignalR")]
    public async Task PackageHasReadmeDocumentationAndSymbols(string name)
    {
        var output = Directory.CreateTempSubdirectory("gateway-pack").FullName;
        try
        {
            using var pack = Process.Start(
                new ProcessStartInfo(
                    "dotnet",
                    [
                        "pack", Path.Combine(Folder, name), "-c", Repository.Configuration, "--no-build", "-o", output, "-v", "quiet",
                        "--nologo"
                    ])
                { RedirectStandardOutput = true })!;
            var said = await pack.StandardOutput.ReadToEndAsync().Within("the package", TimeSpan.FromSeconds(60));
            await pack.WaitForExitAsync().Within("the package");
            Assert.True(pack.ExitCode == 0, said);
            using var package = ZipFile.OpenRead(Assert.Single(Directory.GetFiles(output, "*.nupkg")));
            var files = package.Entries.Select(entry => entry.FullName).ToList();
            Assert.Contains("README.md", files);
            Assert.Contains($"lib/net10.0/{name}.dll", files);
            Assert.Contains($"lib/net10.0/{name}.xml", files);
            using var symbols = ZipFile.OpenRead(Assert.Single(Directory.GetFiles(output, "*.snupkg")));
            Assert.Contains($"lib/net10.0/{name}.pdb", symbols.Entries.Select(entry => entry.FullName));
        }
        finally
        {
            Directory.Delete(output, recursive: true);
        }
    }
}
