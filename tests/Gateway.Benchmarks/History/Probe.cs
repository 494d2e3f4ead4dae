using System.Net.WebSockets;
using System.Text.Json;
using Gateway.Benchmarks.Load;

namespace Gateway.Benchmarks.History;

/// <summary>A client that publishes into a room and knows its position.</summary>
internal sealed class Probe : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ClientWebSocket _socket = new();
    private readonly string _room;

    private Probe(string room) => _room = room;

    /// <summary>Where the room stood when this client came.</summary>
    public (string Epoch, long Offset) Since { get; private set; }

    public static async Task<Probe> EnterAsync(int port, string room)
    {
        var probe = new Probe(room);
        await probe._socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/ws?rooms={room}"), default).WaitAsync(Patience);
        var entered = (await probe.ReadAsync("welcome")).GetProperty("rooms")[0];
        if (entered.TryGetProperty("epoch", out var epoch)) probe.Since = (epoch.GetString()!, entered.GetProperty("offset").GetInt64());
        return probe;
    }

    /// <summary>Publishes one after the other, numbered from 1.</summary>
    public async Task PublishAsync(int messages, int bytes)
    {
        for (var number = 1; number <= messages; number++)
        {
            var text = WireClient.Stamp(
                $$$"""{"type":"chat","id":1,"payload":{"room":"{{{_room}}}","content":"%P"}}""", WireClient.Now, number, bytes);
            await _socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, default).WaitAsync(Patience);
            await ReadAsync("ack");
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return default;
    }

    /// <returns>The payload of the next message of this type.</returns>
    private async Task<JsonElement> ReadAsync(string type)
    {
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var part = await _socket.ReceiveAsync(buffer, default).WaitAsync(Patience);
            if (part.MessageType == WebSocketMessageType.Close) throw new IOException($"closed: {_socket.CloseStatusDescription}");
            var message = JsonDocument.Parse(buffer.AsMemory(0, part.Count)).RootElement;
            var found = message.GetProperty("type").GetString();
            if (found == "error") throw new InvalidOperationException(message.GetRawText());
            if (found == type) return message.GetProperty("payload");
        }
    }
}
