using System.Diagnostics;
using System.Text.Json;
using Gateway.Testing;

namespace Gateway.Client.Tests;

/// <summary>The terminal client as its users run it: a process of its own, with its output redirected.</summary>
public sealed class CliTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private static readonly string Program = Path.Combine(
        Repository.Root, "clients", "cli", "bin", Repository.Configuration, "net10.0", "gateway-cli.dll");

    [Fact]
    public async Task PublishSaysEachTextAndEachLine()
    {
        await using var witness = await RawClient.ConnectAsync(fixture.Server, "?rooms=cli");
        var (code, _, errors) = await RunAsync(["publish", "cli", "one", "two", "--name", "Ann"]);
        Assert.Equal((0, ""), (code, errors));
        (code, _, _) = await RunAsync(["publish", "cli"], input: "three\n\nfour\n");
        Assert.Equal(0, code);

        foreach (var expected in new[] { "one", "two", "three", "four" })
            Assert.Equal(expected, (await witness.NextAsync("chat")).Text("content"));
        Assert.Equal("Ann", witness.All.First(message => message.Type == "chat").Text("username"));
    }

    [Fact]
    public async Task TailShowsTheHistoryAndThenWhatComesForPeopleAndForPrograms()
    {
        await using var speaker = await RawClient.ConnectAsync(fixture.Server, "?rooms=tailed");
        await speaker.RequestAsync("chat", new { room = "tailed", content = "before" });
        foreach (var json in new[] { true, false })
        {
            using var tail = Start(["tail", "tailed", "--since", "0", .. json ? new[] { "--json" } : []]);
            var first = await LineAsync(tail);
            await speaker.RequestAsync("chat", new { room = "tailed", content = "\u001b[31mafter" });
            string second;
            do second = await LineAsync(tail);
            while (!second.Contains("after", StringComparison.Ordinal));
            Assert.DoesNotContain('\u001b', second);
            if (json)
                Assert.Equal("before", JsonDocument.Parse(first).RootElement.GetProperty("payload").GetProperty("content").GetString());
            else Assert.Contains("before", first);
            await EndAsync(tail);
        }
    }

    [Fact]
    public async Task ChatWorksWithAPipe()
    {
        await using var witness = await RawClient.ConnectAsync(fixture.Server, "?rooms=piped");
        var (code, output, _) = await RunAsync(["chat", "piped", "--name", "Bob"], input: "hello\nhow are you\n");

        Assert.Equal(0, code);
        Assert.Equal("hello", (await witness.NextAsync("chat")).Text("content"));
        Assert.Equal("how are you", (await witness.NextAsync("chat")).Text("content"));
        Assert.Contains("Bob hello", output);
    }

    [Fact]
    public async Task TopShowsTheReplicas()
    {
        await using var gateway = await GatewayProcess.StartAsync("--metrics_stream:interval_ms=200");
        var (code, output, _) = await RunAsync(["top", "--count", "2", "--url", gateway.Server.ToString()]);

        Assert.Equal(0, code);
        Assert.Matches(@"\w+\t1\t0\t", output);
    }

    [Fact]
    public async Task BenchMeasuresDeliveriesAndLatency()
    {
        var (code, output, _) = await RunAsync(["bench", "--connections", "5", "--rate", "20", "--seconds", "1"]);

        Assert.Equal(0, code);
        Assert.Matches(
            @"sent (\d+), delivered \d+ of \d+, [\d,]+ a second\nlatency ms: p50 [\d.]+, p90 [\d.]+, p99 [\d.]+, longest [\d.]+",
            output.ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData(2, "Required argument missing", "tail")]
    [InlineData(2, "Unrecognized command or argument '--jsonn'", "tail", "lobby", "--jsonn")]
    [InlineData(2, "--connections must be from 1 to 2000, not 5000", "bench", "--connections", "5000")]
    [InlineData(2, "'nonsense' is not the address of a gateway", "publish", "lobby", "x", "--url", "nonsense")]
    [InlineData(1, "not connected: Connection refused", "publish", "lobby", "x", "--url", "ws://127.0.0.1:1")]
    [InlineData(1, "403: only the server publishes in room metrics", "publish", "metrics", "x")]
    [InlineData(2, "not JSON", "publish", "lobby", "{", "--type", "order")]
    public async Task WhatIsWrongIsSaidInALineWithAnExitCode(int expected, string text, params string[] arguments)
    {
        var (code, _, errors) = await RunAsync(arguments);

        Assert.Contains(text, errors);
        Assert.Equal(expected, code);
        Assert.DoesNotContain("   at ", errors);
    }

    [Fact]
    public async Task TokenIsInNoAddress()
    {
        await using var server = await HostileServer.StartAsync(isHub: false);
        server.Refuses = true;
        var (code, _, errors) = await RunAsync(["publish", "lobby", "x", "--token", "a.b.c", "--url", server.Address.ToString()]);

        Assert.Equal(1, code);
        Assert.Contains("Invalid token", errors);
        Assert.All(server.Requests, request => Assert.Equal(("/ws?rooms=", "Bearer a.b.c"), request));
    }

    /// <summary>The README's commands, one after the other, as they stand there.</summary>
    [Fact]
    public async Task ReadmeShowsCommandsThatWork()
    {
        await using var gateway = await GatewayProcess.StartAsync("--metrics_stream:interval_ms=200");
        var block = File.ReadAllText(Path.Combine(Repository.Root, "clients", "cli", "README.md")).Split("```sh\n")[2].Split("```")[0];
        var commands = block.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.InRange(commands.Length, 5, 10);
        foreach (var command in commands)
        {
            var parts = command.Split('"');
            string[] arguments =
            [
                .. parts[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..], .. parts[1..].Where(part => part.Length > 0), "--url",
                gateway.Server.ToString()
            ];
            if (arguments[0] == "tail")
            {
                using var tail = Start(arguments);
                Assert.Contains("hello from the terminal", await LineAsync(tail));
                await EndAsync(tail);
                continue;
            }
            var (code, output, errors) = await RunAsync(arguments, input: "typed\n");
            Assert.True(code == 0, $"{command}: {errors}");
            Assert.True(arguments[0] == "publish" == (output.Length == 0), $"{command} printed: {output}; {errors}");
        }
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(string[] arguments, string input = "")
    {
        using var process = Start(arguments);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().Within("the program to end", TimeSpan.FromSeconds(30));
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
        return (process.ExitCode, await output, await errors);
    }

    private Process Start(string[] arguments)
    {
        Assert.True(File.Exists(Program), $"{Program} is missing: build clients/cli first");
        string[] url = arguments.Contains("--url") ? [] : ["--url", fixture.Server.ToString()];
        return Process.Start(
            new ProcessStartInfo("dotnet", [Program, .. arguments, .. url])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true
            })!;
    }

    private static async Task<string> LineAsync(Process process) =>
        await process.StandardOutput.ReadLineAsync().Within("a line") ?? throw new InvalidOperationException(
            "the program ended: " + await process.StandardError.ReadToEndAsync());

    private static async Task EndAsync(Process process)
    {
        process.Kill();
        await process.WaitForExitAsync().Within("the program to end");
    }
}
