using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Threading.Channels;

namespace Gateway.Benchmarks.Peers;

/// <summary>A broadcaster as one writes it with ASP.NET Core alone: a bounded channel and a writing task for each client.</summary>
internal static class RawPeer
{
    public static async Task RunAsync(int port)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        await using var app = builder.Build();
        app.UseWebSockets();
        var clients = new ConcurrentDictionary<Channel<byte[]>, WebSocket>();
        app.Map("/ws", async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var outgoing = Channel.CreateBounded<byte[]>(256);
            clients[outgoing] = socket;
            var writing = WriteAsync(socket, outgoing.Reader);
            try
            {
                await ReadAsync(socket, message =>
                {
                    foreach (var (client, to) in clients)
                        if (!client.Writer.TryWrite(message))
                            to.Abort();
                });
            }
            catch (WebSocketException)
            {
                // The client went.
            }
            clients.TryRemove(outgoing, out _);
            outgoing.Writer.TryComplete();
            await writing;
        });
        await app.RunAsync();
    }

    private static async Task ReadAsync(WebSocket socket, Action<byte[]> broadcast)
    {
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(length), default);
                length += part.Count;
            }
            while (!part.EndOfMessage);
            if (part.MessageType == WebSocketMessageType.Close) return;
            broadcast(buffer.AsSpan(0, length).ToArray());
        }
    }

    private static async Task WriteAsync(WebSocket socket, ChannelReader<byte[]> outgoing)
    {
        try
        {
            await foreach (var message in outgoing.ReadAllAsync())
                await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, default);
        }
        catch (WebSocketException)
        {
            // The reading side ends it.
        }
    }
}
