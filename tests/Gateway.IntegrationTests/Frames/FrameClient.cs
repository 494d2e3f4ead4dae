using System.Net.WebSockets;
using System.Text;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Frames;

/// <summary>A WebSocket library's client that sends and reads whole messages.</summary>
internal sealed class FrameClient : IDisposable
{
    private FrameClient(ClientWebSocket socket) => Socket = socket;

    public ClientWebSocket Socket { get; }

    /// <summary>The close status, once <see cref="ReadAsync"/> has returned <c>null</c>.</summary>
    public (int Code, string Text) CloseStatus => ((int)(Socket.CloseStatus ?? 0), Socket.CloseStatusDescription ?? "");

    public static async Task<FrameClient> ConnectAsync(Uri server, string path, Action<ClientWebSocketOptions>? configure = null)
    {
        var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        configure?.Invoke(socket.Options);
        await socket.ConnectAsync(new Uri($"ws://{server.Authority}{path}"), default).Within("the WebSocket to open");
        return new FrameClient(socket);
    }

    public Task SendAsync(string text) => SendAsync(WebSocketMessageType.Text, Encoding.UTF8.GetBytes(text));

    public Task SendAsync(WebSocketMessageType type, byte[] data) =>
        Socket.SendAsync(data, type, endOfMessage: true, default).Within("a message to be sent");

    /// <summary>The next message, or <c>null</c> when the server has closed; that is answered.</summary>
    public async Task<(WebSocketMessageType Type, byte[] Data)?> ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        var data = new MemoryStream();
        while (true)
        {
            var part = await Socket.ReceiveAsync(buffer, default).Within("a message");
            if (part.MessageType == WebSocketMessageType.Close)
            {
                if (Socket.State == WebSocketState.CloseReceived)
                    await Socket.CloseOutputAsync(
                        Socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, default).Within("the answer to the close");
                return null;
            }
            data.Write(buffer, 0, part.Count);
            if (part.EndOfMessage) return (part.MessageType, data.ToArray());
        }
    }

    public async Task<string> ReadTextAsync() => await ReadAsync() is { Type: WebSocketMessageType.Text } message
        ? Encoding.UTF8.GetString(message.Data)
        : throw new InvalidOperationException($"no text, {CloseStatus}");

    /// <summary>Reads to the end and returns how the server closed.</summary>
    public async Task<(int Code, string Text)> ClosedAsync()
    {
        while (await ReadAsync() != null)
        {
        }
        return CloseStatus;
    }

    public async Task CloseAsync() => await Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", default).Within("the close");

    public void Dispose() => Socket.Dispose();
}
