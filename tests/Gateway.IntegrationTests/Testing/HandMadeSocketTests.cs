using System.Net;
using System.Net.Sockets;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Testing;

public sealed class HandMadeSocketTests(StockServer stock) : IClassFixture<StockServer>
{
    [Fact]
    public async Task FragmentsWithAPingBetweenThem()
    {
        using var socket = await OpenAsync();

        await socket.SendAsync(HandMadeSocket.Text, "ab"u8.ToArray(), final: false);
        await socket.SendAsync(HandMadeSocket.Ping, "p"u8.ToArray());
        await socket.SendAsync(HandMadeSocket.Continuation, "cd"u8.ToArray());

        Assert.Equal((HandMadeSocket.Pong, "p"), await NextAsync(socket));
        Assert.Equal((HandMadeSocket.Text, "abcd"), await NextAsync(socket));
    }

    [Theory] // the three forms of a frame's length
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65_536)]
    public async Task LengthsOfEveryForm(int length)
    {
        using var socket = await OpenAsync();

        await socket.SendTextAsync(new string('x', length));

        var text = "";
        for (var final = false; !final;)
        {
            var frame = (await socket.ReadAsync())!;
            (text, final) = (text + frame.Text, frame.Final);
        }
        Assert.Equal(new string('x', length), text);
    }

    [Fact]
    public async Task FrameInTwoParts()
    {
        using var socket = await OpenAsync();

        await socket.SendBytesAsync(new byte[] { 0x81, 0x82, 0, 0, 0 });
        await socket.SendBytesAsync(new byte[] { 0, (byte)'h', (byte)'i' });

        Assert.Equal((HandMadeSocket.Text, "hi"), await NextAsync(socket));
    }

    [Fact]
    public async Task BrokenFramesAreSentAsTold()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var opening = HandMadeSocket.OpenAsync(new Uri($"http://{listener.LocalEndpoint}"), "/ws");
        using var server = await listener.AcceptTcpClientAsync().Within("the connection");
        var stream = server.GetStream();
        await stream.ReadAtLeastAsync(new byte[1024], 1).AsTask().Within("the upgrade");
        await stream.WriteAsync("HTTP/1.1 101 Switching Protocols\r\n\r\n"u8.ToArray());
        using (var socket = await opening)
        {
            await socket.SendAsync(HandMadeSocket.Text, "x"u8.ToArray(), masked: false);
            await socket.SendAsync(HandMadeSocket.Text, "x"u8.ToArray(), reserved: 4);
            await socket.SendAsync(0x3, "x"u8.ToArray(), final: false);
            await socket.SendAsync(HandMadeSocket.Binary, "x"u8.ToArray(), claimedLength: 65_536);
        }

        var sent = new MemoryStream();
        await stream.CopyToAsync(sent).Within("the end");
        Assert.Equal(
            "810178" + "C1810000000078" + "03810000000078" + "82FF00000000000100000000000078", Convert.ToHexString(sent.ToArray()));
    }

    [Fact]
    public async Task ConnectionThatTheServerDropsReadsAsNull()
    {
        using var socket = await OpenAsync();
        await socket.SendAsync(HandMadeSocket.Close, new byte[] { 0x03, 0xe8 });

        Assert.Equal(1000, (await socket.ReadAsync())!.CloseStatus.Code);
        Assert.Null(await socket.ReadAsync());
    }

    private static async Task<(byte, string)> NextAsync(HandMadeSocket socket) =>
        await socket.ReadAsync() is { } frame ? (frame.Opcode, frame.Text) : (HandMadeSocket.Close, "");

    private async Task<HandMadeSocket> OpenAsync()
    {
        var socket = await HandMadeSocket.OpenAsync(stock.Server, "/ws");
        await socket.ReadAsync(); // the welcome
        return socket;
    }
}
