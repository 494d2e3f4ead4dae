using System.Buffers;
using System.Net.WebSockets;
using Gateway.AspNetCore.WebSockets;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Raw;

/// <summary>Reads the messages of a raw client, one at a time, and replies to them. Holds no buffer while the client is silent.</summary>
internal sealed class RawReceiver(WebSocket webSocket, Connection connection, CommandRouter router, int maxMessageBytes)
{
    private const int FirstBufferBytes = 2048;

    private static readonly Error TextOnly = Error.BadRequest("text only");

    /// <summary>Reads until the client closes, violates the protocol or disconnects.</summary>
    public async Task RunAsync()
    {
        try
        {
            while (true)
            {
                // Waits without holding a buffer. It needs no cancellation token, which would use memory: the read fails when the
                // connection is aborted.
                var first = await webSocket.ReceiveAsync(Memory<byte>.Empty, default);
                if (first.MessageType == WebSocketMessageType.Close) break;
                if (first.EndOfMessage) await AnswerAsync(default, first.MessageType);
                else if (!await ReceiveAsync()) break;
            }
            WebSocketEnding.Record(connection, webSocket);
            if (webSocket.State == WebSocketState.CloseReceived)
                await webSocket.CloseOutputAsync(webSocket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, default);
        }
        catch (Exception fault) when (fault is WebSocketException or IOException)
        {
            // The client violated the protocol, and the framework has sent a close frame (RFC 6455 section 7.4.1), or it disconnected.
            WebSocketEnding.Record(connection, webSocket, fault);
        }
    }

    /// <summary>Receives the rest of a message and replies to it. Returns <c>false</c> if the client closed instead.</summary>
    private async ValueTask<bool> ReceiveAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Min(FirstBufferBytes, maxMessageBytes + 1));
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
                if (length > maxMessageBytes)
                {
                    router.Admit(connection);
                    connection.Close(CloseReason.TooBig);
                }
                if (!connection.Outbox.IsOpen) length = 0; // the connection is closing: discard what still arrives
                else if (part.EndOfMessage) await AnswerAsync(buffer.AsMemory(0, length), part.MessageType);
                if (part.EndOfMessage) return true;
                if (length == buffer.Length) buffer = Grow(buffer);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ValueTask AnswerAsync(ReadOnlyMemory<byte> frame, WebSocketMessageType type)
    {
        Envelope envelope = default;
        var malformed = type == WebSocketMessageType.Binary ? TextOnly : EnvelopeReader.Read(frame.Span, out envelope);
        var refused = router.Admit(connection) ?? malformed; // malformed messages count too
        if (refused != null)
        {
            connection.Reply(ReplyWriter.WriteError(envelope.Id, refused));
            return default;
        }
        var outcome = router.ExecuteAsync(connection, envelope.Type, envelope.Payload);
        if (outcome.IsCompletedSuccessfully)
        {
            Reply(outcome.Result, envelope.Id);
            return default;
        }
        return ReplyLaterAsync(outcome, envelope.Id.ToArray());
    }

    private async ValueTask ReplyLaterAsync(ValueTask<CommandResult> outcome, byte[] id) => Reply(await outcome, id);

    private void Reply(in CommandResult outcome, ReadOnlySpan<byte> id)
    {
        if (outcome.Error is { } error) connection.Reply(ReplyWriter.WriteError(id, error));
        else if (!id.IsEmpty) connection.Reply(ReplyWriter.WriteAck(id, outcome.Result.Span));
        else if (outcome.ReplyType is { } type)
            connection.Reply(MessageWriter.Write(new Message(type, outcome.Result), outcome.Result, FrameFormat.RawWebSocket));
    }

    private byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length * 2, maxMessageBytes + 1));
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
