namespace Gateway.Core.Messages;

/// <summary>A type and a payload that is JSON already. Immutable: everyone who gets the message shares the same bytes.</summary>
/// <param name="Type">The message type: the envelope's <c>type</c> and the SignalR target.</param>
/// <param name="Payload">One JSON value in UTF-8.</param>
public sealed record Message(string Type, ReadOnlyMemory<byte> Payload)
{
    /// <summary>
    /// The payload is a JSON array that server code passed to SignalR as an argument list of none, or of two or more.
    /// SignalR clients get it as arguments; raw clients as an array, or <c>null</c> when it is empty.
    /// </summary>
    public bool IsArgumentList { get; init; }

    /// <summary>The payload is a JSON object to which the room's offset is added as the field <c>offset</c>.</summary>
    public bool CarriesOffset { get; init; }

    /// <summary>The user who sent it, where the payload is the client's own and does not say so; <c>null</c>: the server, or the payload says it.</summary>
    public MessageSender? Sender { get; init; }

    /// <summary>
    /// RFC 6455 section 5.2: 1 text, 2 binary. Then the payload is not JSON but the data of one frame, passed on as it is, and only connections of the
    /// dialect <c>frames</c> get it. 0 for every other message.
    /// </summary>
    public byte Opcode { get; init; }

    /// <summary>One frame of a conversation that the gateway does not understand.</summary>
    public static Message Frame(byte opcode, ReadOnlyMemory<byte> data) => new("frame", data) { Opcode = opcode };
}
