using Gateway.Core.Messages;

namespace Gateway.Core.Wire;

/// <summary>
/// The last bytes to a client. Raw: a WebSocket close frame. SignalR: first a Close record, which tells the stock client whether to
/// reconnect (<c>{"type":7,"error":E?,"allowReconnect":true?}␞</c>), then, on a WebSocket, the close frame.
/// </summary>
internal static class CloseWriter
{
    public static byte[] Write(CloseReason reason, FrameFormat format) => format switch
    {
        FrameFormat.RawWebSocket or FrameFormat.Frames => WebSocketFrame.WriteClose(reason.Code, reason.Text),
        FrameFormat.SignalRWebSocket =>
            [.. WriteRecord(reason, inWebSocketFrame: true), .. WebSocketFrame.WriteClose(reason.Code, reason.Text)],
        _ => WriteRecord(reason, inWebSocketFrame: false),
    };

    private static byte[] WriteRecord(CloseReason reason, bool inWebSocketFrame)
    {
        var json = JsonText.Write(reason, static (json, reason) =>
        {
            json.WriteStartObject();
            json.WriteNumber("type"u8, 7);
            if (!reason.AllowReconnect) json.WriteString("error"u8, reason.Text);
            if (reason.AllowReconnect) json.WriteBoolean("allowReconnect"u8, true);
            json.WriteEndObject();
        });
        return MessageWriter.WriteRecord(json, inWebSocketFrame);
    }
}
