using System.Buffers;
using System.Net.WebSockets;
using System.Threading.Channels;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.WebSockets;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Frames;

/// <summary>
/// Reads a client's messages, joins their fragments, and queues them for the handler. Holds no buffer while the client is silent.
/// </summary>
internal sealed class FrameReceiver(
    WebSocket webSocket, Connection connection, ChannelWriter<Frame> incoming, CommandRouter router, RawOptions limits, TimeProvider time)
{
    private const int FirstBufferBytes = 2048;

    /// <summary>Gets whether the handler has not read for <c>raw.pong_wait</c>.</summary>
    public bool IsHandlerBlocked { get; private set; }

    /// <summary>Reads until the connection ends.</summary>
    /// <returns><c>true</c> if the client closed the WebSocket; <c>false</c> if it violated the protocol or disconnected.</returns>
    public async Task<bool> RunAsync()
    {
        try
        {
            while (true)
            {
                var first = await webSocket.ReceiveAsync(Memory<byte>.Empty, default); // see RawReceiver: waits without holding a buffer
                if (first.MessageType == WebSocketMessageType.Close) break;
                if (first.EndOfMessage) await EnqueueAsync(first.MessageType, []);
                else if (!await ReceiveAsync()) break;
            }
            WebSocketEnding.Record(connection, webSocket);
            return true;
        }
        catch (Exception fault) when (fault is WebSocketException or IOException)
        {
            WebSocketEnding.Record(connection, webSocket, fault);
            return false;
        }
    }

    /// <summary>Receives the rest of a message.</summary>
    /// <returns><c>false</c> if the client closed the WebSocket instead.</returns>
    private async ValueTask<bool> ReceiveAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Min(FirstBufferBytes, limits.MaxMessageBytes + 1));
        connection.OnMessageStarted();
        try
        {
            var length = 0;
            while (true)
            {
                var part = await webSocket.ReceiveAsync(buffer.AsMemory(length), default);
                if (part.MessageType == WebSocketMessageType.Close) return false;
                if (part.EndOfMessage) connection.OnMessageCompleted();
                length += part.Count;
                if (length > limits.MaxMessageBytes) connection.Close(CloseReason.TooBig);
                if (!connection.Outbox.IsOpen) length = 0; // the connection is closing: discard what still arrives
                else if (part.EndOfMessage) await EnqueueAsync(part.MessageType, buffer.AsSpan(0, length).ToArray());
                if (part.EndOfMessage) return true;
                if (length == buffer.Length) buffer = Grow(buffer);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ValueTask EnqueueAsync(WebSocketMessageType type, byte[] data)
    {
        if (!connection.Outbox.IsOpen) return default;
        if (router.Admit(connection) != null)
        {
            connection.Close(CloseReason.Flooding); // a frame handler has no error message that every client would understand
            return default;
        }
        var frame = new Frame(type == WebSocketMessageType.Text ? FrameKind.Text : FrameKind.Binary, data);
        return incoming.TryWrite(frame) ? default : WaitAsync(frame);
    }

    private async ValueTask WaitAsync(Frame frame)
    {
        using var limit = new CancellationTokenSource(limits.PongWait, time);
        connection.IsReadingPaused = true;
        try
        {
            await incoming.WriteAsync(frame, limit.Token);
        }
        catch (ChannelClosedException)
        {
            // The handler has returned: the close frame is on its way.
        }
        catch (OperationCanceledException)
        {
            IsHandlerBlocked = true;
            connection.Close(CloseReason.Internal);
        }
        finally
        {
            connection.Outbox.RecordReceived(); // the client was not silent: the gateway did not read
            connection.IsReadingPaused = false;
        }
    }

    private byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length * 2, limits.MaxMessageBytes + 1));
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
