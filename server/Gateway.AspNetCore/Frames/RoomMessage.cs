using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Frames;

/// <summary>A message that a frame handler receives. docs/protocol.md lists the types.</summary>
/// <param name="Type">The type, such as <c>chat</c>, <c>system</c>, <c>direct</c> or a custom type.</param>
/// <param name="Payload">The payload: one JSON value in UTF-8.</param>
public sealed record RoomMessage(string Type, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Gets the user who sent a message of a custom type; <see langword="null"/> for built-in types.</summary>
    public MessageSender? Sender { get; init; }
}

/// <summary>The exception that is thrown when a command is refused.</summary>
/// <param name="code">The error code, as in the protocol.</param>
/// <param name="text">The error text, as in the protocol.</param>
public sealed class CommandRefusedException(int code, string text) : Exception($"{code}: {text}")
{
    /// <summary>Gets the error code, as in the protocol.</summary>
    public int Code { get; } = code;

    /// <summary>Gets the error text, as in the protocol.</summary>
    public string Text { get; } = text;
}
