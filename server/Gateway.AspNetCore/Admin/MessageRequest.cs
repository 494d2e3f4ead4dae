using System.Security.Cryptography;
using System.Text;
using Gateway.AspNetCore.Options;
using Gateway.Core.Broadcast;
using Gateway.Core.Idempotency;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Admin;

/// <summary>Publishes the message of a request, once for each <c>Idempotency-Key</c>.</summary>
internal sealed class MessageRequest(Publisher publisher, IIdempotencyKeys idempotencyKeys, GatewayOptions options)
{
    private const string KeyHeader = "Idempotency-Key";
    private const int MaxKeyLength = 128;
    private const int BodyOverhead = 1024;

    private static readonly FieldNames Fields = new("type", "payload");
    private static readonly FieldNames OffsetName = new("offset");

    /// <summary>Types of the dialects. A client would take them for replies.</summary>
    private static readonly string[] Reserved = ["welcome", "ack", "error", "pong"];

    public async Task<IResult> PublishAsync(HttpContext context, Audience audience)
    {
        var (body, error) = await RequestBody.ReadAsync(context, options.Raw.MaxMessageBytes + BodyOverhead, Fields);
        if (error != null) return Problems.Of(error);
        if (Read(body, out var message) is { } wrong) return Problems.Of(wrong);
        var key = context.Request.Headers[KeyHeader].ToString();
        if (key.Length > MaxKeyLength) return Problems.Of(Error.BadRequest($"{KeyHeader} is longer than {MaxKeyLength} characters"));
        if (key.Length == 0) return Result(audience, await publisher.PublishAsync(audience, message, cancel: context.RequestAborted));

        // The key belongs to a user id that no token can have.
        var idempotencyKey = MessageIdempotencyKey.Key(" admin api", key)!;
        var fingerprint = Convert.ToHexStringLower(
            SHA256.HashData([.. Encoding.UTF8.GetBytes($"{audience.Kind} {audience.Name}\n"), .. body]));
        switch (await idempotencyKeys.ClaimAsync(idempotencyKey, fingerprint))
        {
            case IdempotencyKeyState.Other:
                return Problems.Of(StatusCodes.Status409Conflict, $"this {KeyHeader} was used for another message");
            // A room recognizes a duplicate by itself, and knows its offset. For other audiences, a message that was or is being published
            // is not published again.
            case IdempotencyKeyState.Same when audience.Kind != AudienceKind.Room:
                return AdminJson.Ok(new PublishedMessage(null, null, Duplicate: true));
        }
        try
        {
            var published = await publisher.PublishAsync(audience, message, idempotencyKey, context.RequestAborted);
            // The user may be connected on the next attempt
            if (HasNoReceiver(audience, published)) await idempotencyKeys.ReleaseAsync(idempotencyKey);
            return Result(audience, published);
        }
        catch (Exception) when (audience.Kind != AudienceKind.Room)
        {
            await idempotencyKeys.ReleaseAsync(idempotencyKey);
            throw;
        }
    }

    private static Error? Read(byte[] body, out Message message)
    {
        var fields = new PayloadFields(body, Fields);
        var type = fields.RequiredString(0, MessageType.MaxLength);
        var payload = fields.Raw(1).IsEmpty ? "null"u8.ToArray() : fields.Raw(1).ToArray();
        var carriesOffset = payload[0] == (byte)'{';
        message = new Message(type, payload) { CarriesOffset = carriesOffset };
        if (fields.Error is { } error) return error;
        if (MessageType.Check(type) is { } malformed) return malformed;
        if (MessageType.FindBuiltIn(type) is { } builtIn && builtIn != type) return Error.BadRequest($"type equals {builtIn} but for case");
        if (Reserved.Contains(type)) return Error.BadRequest($"type must not be one of {string.Join(", ", Reserved)}");
        if (carriesOffset && !new PayloadFields(payload, OffsetName).Raw(0).IsEmpty)
            return Error.BadRequest("payload.offset is assigned by the gateway: leave it out");
        return null;
    }

    private static bool HasNoReceiver(Audience audience, PublishResult published) =>
        published.Receivers == 0 && audience.Kind == AudienceKind.User;

    private static IResult Result(Audience audience, PublishResult published) =>
        HasNoReceiver(audience, published) ? Problems.Of(Error.NotFound($"user {audience.Name} is not connected"))
        : AdminJson.Ok(
            published.Position.IsNone
                ? new PublishedMessage(null, null, null)
                : new PublishedMessage(published.Position.Epoch, published.Position.Offset, null));
}

/// <param name="Epoch">With <paramref name="Offset"/>: the message's place in the room, if it has one.</param>
/// <param name="Duplicate">The message had been published before under this key; it was not again.</param>
internal sealed record PublishedMessage(string? Epoch, long? Offset, bool? Duplicate);

/// <summary>The body of a publish request.</summary>
/// <param name="Type">1 to 64 of A-Z a-z 0-9 _ . : / -; any type but <c>welcome</c>, <c>ack</c>, <c>error</c> and <c>pong</c>.</param>
/// <param name="Payload">Any JSON value; an object gets the field <c>offset</c>.</param>
internal sealed record MessageBody(string Type, object? Payload);
