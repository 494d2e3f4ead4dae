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
/// Reads one client's messages, fragments joined, and queues them for its handler. Holds no buffer while the client is silent.
/// </summary>
internal sealed class FrameReceiver(
    WebSocket webSocket, Connection connection, ChannelWriter<Frame> incoming, CommandRouter router, RawOptions limits, TimeProvider time)
{
    private const int FirstBufferBytes = 2048;

    /// <summary>The handler has let the client wait for <c>raw.pong_wait</c>.</summary>
    public bool HandlerIsStuck { get; private set; }

    /// <summary>Returns when the client has closed (true), broken the protocol or gone away.</summary>
    public async Task<bool> RunAsync()
    {
        try
        {
            while (true)
            {
                var begun = await webSocket.ReceiveAsync(Memory<byte>.Empty, default); // see RawReceiver: waits without holding a buffer
                if (begun.MessageType == WebSocketMessageType.Close) break;
                if (begun.EndOfMessage) await TakeAsync(begun.MessageType, []);
                else if (!await ReceiveAsync()) break;
            }
            WebSocketEnding.Note(connection, webSocket);
            return true;
        }
        catch (Exception gone) when (gone is WebSocketException or IOException)
        {
            WebSocketEnding.Note(connection, webSocket, gone);
            return false;
        }
    }

    /// <summary>Receives the message that has begun. False if the client closed instead.</summary>
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
                if (!connection.Outbox.IsOpen) length = 0; // we said goodbye: what still comes is read and thrown away
                else if (part.EndOfMessage) await TakeAsync(part.MessageType, buffer.AsSpan(0, length).ToArray());
                if (part.EndOfMessage) return true;
                if (length == buffer.Length) buffer = Grow(buffer);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ValueTask TakeAsync(WebSocketMessageType type, byte[] data)
    {
        if (!connection.Outbox.IsOpen) return default;
        if (router.Admit(connection) != null)
        {
            connection.Close(CloseReason.Flooding); // there is no error that the client would understand
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
            // The handler has ended: the goodbye is on its way.
        }
        catch (OperationCanceledException)
        {
            HandlerIsStuck = true;
            connection.Close(CloseReason.Internal);
        }
        finally
        {
            connection.Outbox.RecordReceived(); // the silence was ours
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
