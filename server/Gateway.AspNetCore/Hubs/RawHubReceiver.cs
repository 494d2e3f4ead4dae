using System.Buffers;
using System.Net.WebSockets;
using Gateway.AspNetCore.WebSockets;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Hubs;

/// <summary>
/// Reads the messages of a raw client, and writes them to the pipe that the hub reads. While the pipe is full nothing is read, so the
/// client has to wait. Answers <c>ping</c>, unless the hub has a method of that name. Holds no buffer while the client is silent.
/// </summary>
internal sealed class RawHubReceiver(
    WebSocket webSocket, RawHubConnection connection, RawHubMethods methods, int maxMessageBytes, TimeProvider time)
{
    private const int FirstBufferBytes = 2048;
    private const int MaxPingBytes = 512;

    private readonly bool _answersPing = !methods.TryFind("ping"u8, out _);

    /// <summary>Reads until the client closes, violates the protocol or disconnects, or the connection is aborted.</summary>
    /// <returns><c>true</c> if the client closed the WebSocket.</returns>
    public async Task<bool> RunAsync()
    {
        try
        {
            while (true)
            {
                var first = await webSocket.ReceiveAsync(Memory<byte>.Empty, default); // waits without holding a buffer, see RawReceiver
                if (first.MessageType == WebSocketMessageType.Close) break;
                if (first.EndOfMessage) await PassAsync(default, first.MessageType);
                else if (!await ReceiveAsync()) break;
            }
            if (connection.Client is { } client) WebSocketEnding.Record(client, webSocket);
            if (webSocket.State == WebSocketState.CloseReceived)
                await webSocket.CloseOutputAsync(webSocket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, default);
            return true;
        }
        catch (Exception fault) when (fault is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            if (connection.Client is { } client) WebSocketEnding.Record(client, webSocket, fault);
            return false;
        }
        finally
        {
            await connection.Received.CompleteAsync();
        }
    }

    /// <summary>Receives the rest of a message.</summary>
    /// <returns><c>false</c> if the client closed the WebSocket instead.</returns>
    private async ValueTask<bool> ReceiveAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Min(FirstBufferBytes, maxMessageBytes + 1));
        connection.Client?.OnMessageStarted();
        try
        {
            var length = 0;
            while (true)
            {
                var part = await webSocket.ReceiveAsync(buffer.AsMemory(length), default);
                if (part.MessageType == WebSocketMessageType.Close) return false;
                if (part.EndOfMessage) connection.Client?.OnMessageCompleted();
                length += part.Count;
                if (length > maxMessageBytes) connection.Outbox.Close(CloseReason.TooBig);
                if (!connection.Outbox.IsOpen) length = 0; // the connection is closing: discard what still arrives
                else if (part.EndOfMessage) await PassAsync(buffer.AsMemory(0, length), part.MessageType);
                if (part.EndOfMessage) return true;
                if (length == buffer.Length) buffer = Grow(buffer);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ValueTask PassAsync(ReadOnlyMemory<byte> message, WebSocketMessageType type)
    {
        if (!connection.Outbox.IsOpen || (_answersPing && AnswersPing(message.Span, type))) return default;
        RawHubRecord.WriteMessage(connection.Received, message.Span, type == WebSocketMessageType.Text);
        var flushed = connection.Received.FlushAsync();
        if (!flushed.IsCompletedSuccessfully) return WaitAsync(flushed);
        _ = flushed.Result; // the hub has ended, or reads on
        return default;
    }

    private async ValueTask WaitAsync(ValueTask<System.IO.Pipelines.FlushResult> flushed)
    {
        var client = connection.Client;
        if (client != null) client.IsReadingPaused = true;
        try
        {
            await flushed;
        }
        finally
        {
            connection.Outbox.RecordReceived(); // the client was not silent: the hub did not read
            if (client != null) client.IsReadingPaused = false;
        }
    }

    /// <summary>As at /ws. A call may be running meanwhile, so a client can tell a busy hub from a lost connection.</summary>
    private bool AnswersPing(ReadOnlySpan<byte> message, WebSocketMessageType type)
    {
        if (message.Length > MaxPingBytes || type != WebSocketMessageType.Text || message.IndexOf("\"ping\""u8) < 0) return false;
        if (EnvelopeReader.Read(message, out var envelope) != null || !envelope.Type.SequenceEqual("ping"u8)) return false;
        var pong = Payloads.Pong(time.GetUtcNow());
        connection.Outbox.Post(new FrameBatch(envelope.Id.IsEmpty
            ? MessageWriter.Write(new Message("pong", pong), pong, FrameFormat.RawWebSocket)
            : ReplyWriter.WriteAck(envelope.Id, pong)));
        return true;
    }

    private byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(buffer.Length * 2L, maxMessageBytes + 1L));
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
