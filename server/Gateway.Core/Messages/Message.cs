namespace Gateway.Core.Messages;

/// <summary>A type and a payload that is already JSON. Immutable: all receivers share the same bytes.</summary>
/// <param name="Type">The message type: the envelope's <c>type</c> and the SignalR target.</param>
/// <param name="Payload">One JSON value in UTF-8.</param>
public sealed record Message(string Type, ReadOnlyMemory<byte> Payload)
{
    /// <summary>
    /// Whether the payload is a JSON array of SignalR arguments: none, or two or more. SignalR clients get it as arguments; raw clients get
    /// the array, or <c>null</c> when it is empty.
    /// </summary>
    public bool IsArgumentList { get; init; }

    /// <summary>Whether the payload is a JSON object to which the gateway adds the room's offset as the field <c>offset</c>.</summary>
    public bool CarriesOffset { get; init; }

    /// <summary>
    /// The sender of a message whose payload is the client's own and does not name it; <c>null</c> if the server sent the message or the
    /// payload names the sender.
    /// </summary>
    public MessageSender? Sender { get; init; }

    /// <summary>
    /// The opcode of an opaque message (RFC 6455 section 5.2): 1 for text, 2 for binary. Its payload is the data of one frame, not JSON,
    /// and only connections of the dialect <c>frames</c> get it. 0 for every other message.
    /// </summary>
    public byte Opcode { get; init; }

    /// <summary>
    /// Whether the gateway itself tells it, as the type <c>system</c>. Clients of the application's own hubs do not get it.
    /// </summary>
    internal bool IsSystem { get; init; }

    /// <summary>Creates an opaque message: the data of one frame, of a protocol that the gateway does not know.</summary>
    public static Message Frame(byte opcode, ReadOnlyMemory<byte> data) => new("frame", data) { Opcode = opcode };
}
