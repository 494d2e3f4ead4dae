using System.Buffers;
using System.Net.WebSockets;
using Gateway.AspNetCore.WebSockets;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Raw;

/// <summary>Reads one raw client's messages, one after the other, and answers them. Holds no buffer while the client is silent.</summary>
internal sealed class RawReceiver(WebSocket webSocket, Connection connection, CommandRouter router, int maxMessageBytes)
{
    private const int FirstBufferBytes = 2048;

    private static readonly Error TextOnly = Error.BadRequest("text only");

    /// <summary>Returns when the client has closed, broken the protocol or gone away.</summary>
    public async Task RunAsync()
    {
        try
        {
            while (true)
            {
                // Waits without holding a buffer. No token either: when the connection is aborted the read fails, and a token would cost
                // memory.
                var begun = await webSocket.ReceiveAsync(Memory<byte>.Empty, default);
                if (begun.MessageType == WebSocketMessageType.Close) break;
                if (begun.EndOfMessage) await AnswerAsync(default, begun.MessageType);
                else if (!await ReceiveAsync()) break;
            }
            WebSocketEnding.Note(connection, webSocket);
            if (webSocket.State == WebSocketState.CloseReceived)
                await webSocket.CloseOutputAsync(webSocket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, default);
        }
        catch (Exception gone) when (gone is WebSocketException or IOException)
        {
            // The client broke the protocol, and the framework has told it so (RFC 6455 section 7.4.1), or it went without a word.
            WebSocketEnding.Note(connection, webSocket, gone);
        }
    }

    /// <summary>Receives the message that has begun, and answers it. False if the client closed instead.</summary>
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
                if (!connection.Outbox.IsOpen) length = 0; // we said goodbye: what still comes is read and thrown away
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
        var refused = router.Admit(connection) ?? malformed; // what makes no sense counts too
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
