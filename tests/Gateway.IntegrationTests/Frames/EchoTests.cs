using System.Net.WebSockets;
using System.Text;
using Gateway.AspNetCore.Options;
using Gateway.Configuration;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Frames;

/// <summary>Frames pass as they are, and within the limits of any other connection.</summary>
public sealed class EchoTests
{
    public static TheoryData<WebSocketMessageType, int> Sizes()
    {
        var data = new TheoryData<WebSocketMessageType, int>();
        foreach (var type in new[] { WebSocketMessageType.Text, WebSocketMessageType.Binary })
            foreach (var size in new[] { 0, 1, 125, 126, 65_535, 65_536, 1_048_576 })
                data.Add(type, size);
        return data;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task WhatComesGoesBackByteForByteUnderItsOpcode(WebSocketMessageType type, int size)
    {
        await using var gateway = await StartAsync(o => o.Raw.MaxMessageBytes = 1_048_576);
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/echo");
        var data = new byte[size];
        if (type == WebSocketMessageType.Text) data.AsSpan().Fill((byte)'x');
        else new Random(size).NextBytes(data);

        await client.SendAsync(type, data);

        var back = (await client.ReadAsync())!.Value;
        Assert.Equal(type, back.Type);
        Assert.Equal(data, back.Data);
    }

    [Fact]
    public async Task FragmentsAreJoinedAndWhatComesBetweenThemIsAnswered()
    {
        await using var gateway = await StartAsync();
        using var client = await HandMadeSocket.OpenAsync(gateway.Server, "/echo");

        await client.SendAsync(HandMadeSocket.Text, "gr"u8.ToArray(), final: false);
        await client.SendAsync(HandMadeSocket.Continuation, new byte[] { 0xC3 }, final: false); // half of ü
        await client.SendAsync(HandMadeSocket.Ping, "p"u8.ToArray());
        await client.SendAsync(HandMadeSocket.Continuation, new byte[] { 0xBC, (byte)'n' });

        Assert.Equal((HandMadeSocket.Pong, "p"), Shown(await client.ReadAsync()));
        Assert.Equal((HandMadeSocket.Text, "grün"), Shown(await client.ReadAsync()));

        static (byte, string) Shown(HandMadeFrame? frame) => (frame!.Opcode, frame.Text);
    }

    [Fact]
    public async Task TheTimeComesToThoseWhoAskForItAndToNobodyElse()
    {
        await using var gateway = await StartAsync(o => o.Handlers[0].Interval = TimeSpan.FromMilliseconds(20));
        using var curious = await FrameClient.ConnectAsync(gateway.Server, "/echo?time");
        using var other = await FrameClient.ConnectAsync(gateway.Server, "/echo");

        for (var i = 0; i < 3; i++) Assert.True(DateTimeOffset.TryParse(await curious.ReadTextAsync(), out _));
        await other.SendAsync("first");
        Assert.Equal("first", await other.ReadTextAsync());
    }

    [Fact]
    public async Task ClockTellsTheTimeAtOnceAndEndsWithItsClient()
    {
        await using var gateway = await StartAsync(
            o => o.Handlers = [new() { Path = "/clock", Handler = BuiltInHandler.Clock, Interval = TimeSpan.FromMilliseconds(20) }]);
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/clock");
        await client.SendAsync("never mind");

        for (var i = 0; i < 3; i++) Assert.True(DateTimeOffset.TryParse(await client.ReadTextAsync(), out _));
        await client.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "bye", default);

        Assert.Equal(1000, (await client.ClosedAsync()).Code);
    }

    [Fact]
    public async Task LongerMessageThanAllowedClosesTheConnection()
    {
        await using var gateway = await StartAsync(o => o.Raw.MaxMessageBytes = 1000);
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/echo");
        await client.SendAsync(new string('x', 1000));
        Assert.Equal(1000, (await client.ReadTextAsync()).Length);

        await client.SendAsync(new string('x', 1001));

        Assert.Equal((1009, "message too big"), await client.ClosedAsync());
    }

    [Fact]
    public async Task MoreMessagesThanAllowedCloseTheConnection()
    {
        await using var gateway = await StartAsync(o => (o.RateLimit.Messages, o.RateLimit.Window) = (5, TimeSpan.FromMinutes(10)));
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/echo");
        for (var i = 0; i < 6; i++) await client.SendAsync(Encoding.UTF8.GetString([(byte)('0' + i)]));

        Assert.Equal((1008, "flooding"), await client.ClosedAsync());
    }

    [Fact]
    public async Task SilentClientIsPingedAndThenGone()
    {
        await using var gateway = await StartAsync(
            o => (o.Raw.PingPeriod, o.Raw.PongWait) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(400)));
        using var client = await HandMadeSocket.OpenAsync(gateway.Server, "/echo");

        var frames = await client.ReadAllAsync();

        Assert.Equal(HandMadeSocket.Ping, frames[0].Opcode);
        Assert.Equal((1001, "no pong"), frames[^1].CloseStatus);
    }

    [Fact]
    public async Task ConnectionsBeyondTheLimitAndForeignPagesAreRefused()
    {
        await using var gateway = await StartAsync(o => o.Server.MaxConnections = 1);
        using var client = await FrameClient.ConnectAsync(gateway.Server, "/echo");

        Assert.Contains(
            "503", (await Assert.ThrowsAsync<WebSocketException>(() => FrameClient.ConnectAsync(gateway.Server, "/echo"))).Message);
        var refusal = await Assert.ThrowsAsync<WebSocketException>(
            () => FrameClient.ConnectAsync(gateway.Server, "/echo", o => o.SetRequestHeader("Origin", "http://evil.example")));
        Assert.Contains("403", refusal.Message);
    }

    private static Task<EmbeddedGateway> StartAsync(Action<ProgramOptions>? set = null) => EmbeddedGateway.StartAsync(o =>
    {
        o.Handlers = [new() { Path = "/echo", Handler = BuiltInHandler.Echo }];
        set?.Invoke(o);
    });
}
