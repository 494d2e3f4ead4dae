using System.Buffers;
using System.Net.WebSockets;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Security.Tokens;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Raw;

/// <summary>
/// Authenticates a raw client by its first message, <c>{"type":"auth","payload":{"token":…}}</c>. Until then there is no connection: the
/// client is in no room and receives nothing but a close frame, if the message is another one or is late.
/// </summary>
internal sealed class FirstMessageAuthentication(GatewayOptions options, TokenVerifier verifier, Supervisor supervisor)
{
    private const int MaxBytes = AuthenticatedUser.MaxTokenLength + 1024;

    private readonly SupervisedLoop _timeouts = supervisor.Loop("first_message");

    /// <param name="webSocket">The client's WebSocket.</param>
    /// <param name="outbox">The outbox below it.</param>
    /// <param name="answersOthers">Whether another message gets an error, instead of closing the connection.</param>
    /// <returns>The user of the token; <c>null</c> if the client was closed or has disconnected.</returns>
    public async Task<AuthenticatedUser?> ReceiveAsync(WebSocket webSocket, Outbox outbox, bool answersOthers = false)
    {
        var limit = options.Auth.FirstMessageTimeout;
        using var timeout = _timeouts.After(limit, () => outbox.Close(CloseReasonOf(verifier.Missing())));
        // A client that does not answer the close frame is aborted.
        using var abort = _timeouts.After(limit + options.Raw.WriteWait, outbox.Abort);
        byte[]? buffer = null; // none while the client is silent
        try
        {
            var length = 0;
            while (true)
            {
                var part = await webSocket.ReceiveAsync(
                    buffer == null ? Memory<byte>.Empty : buffer.AsMemory(length, MaxBytes - length), default);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    await webSocket.CloseOutputAsync(webSocket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, default);
                    return null;
                }
                buffer ??= ArrayPool<byte>.Shared.Rent(MaxBytes);
                if (!outbox.IsOpen) continue; // the connection is closing: discard what still arrives
                length += part.Count;
                if (part.EndOfMessage)
                {
                    var frame = buffer.AsMemory(0, length);
                    length = 0;
                    if (answersOthers && !IsAuthentication(frame.Span, part.MessageType, out var id))
                    {
                        // No other write is running: the framework writes only while it is asked to read.
                        await outbox.WriteAsync(ReplyWriter.WriteError(id, Error.Unauthorized));
                        continue;
                    }
                    var (authenticated, error) = await VerifyAsync(frame, part.MessageType);
                    if (authenticated != null && outbox.IsOpen) return authenticated;
                    outbox.Close(CloseReasonOf(error ?? Error.Unauthorized));
                }
                else if (length == MaxBytes)
                {
                    outbox.Close(CloseReason.TooBig);
                    length = 0;
                }
            }
        }
        catch (Exception fault) when (fault is WebSocketException or IOException)
        {
            return null;
        }
        finally
        {
            if (buffer != null) ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private static CloseReason CloseReasonOf(Error error) =>
        error.Code == 503
            ? new CloseReason(1013, error.Text, AllowReconnect: true)
            : new CloseReason(1008, error.Text, AllowReconnect: false);

    private async ValueTask<(AuthenticatedUser?, Error?)> VerifyAsync(ReadOnlyMemory<byte> frame, WebSocketMessageType type) =>
        type == WebSocketMessageType.Text && TokenOf(frame.Span) is { } token
            ? await verifier.VerifyAsync(token)
            : (null, verifier.Missing());

    private static bool IsAuthentication(ReadOnlySpan<byte> frame, WebSocketMessageType type, out byte[] id)
    {
        Envelope envelope = default;
        var isEnvelope = type == WebSocketMessageType.Text && EnvelopeReader.Read(frame, out envelope) == null;
        id = envelope.Id.ToArray();
        return isEnvelope && envelope.Type.SequenceEqual("auth"u8);
    }

    private static string? TokenOf(ReadOnlySpan<byte> frame) =>
        EnvelopeReader.Read(frame, out var envelope) == null && envelope.Type.SequenceEqual("auth"u8)
            ? AuthHandler.TokenOf(envelope.Payload)
            : null;
}
