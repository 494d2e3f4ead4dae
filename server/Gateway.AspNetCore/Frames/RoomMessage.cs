using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Frames;

/// <summary>A message as docs/protocol.md has it: <c>chat</c>, <c>system</c>, <c>direct</c>, types of one's own.</summary>
/// <param name="Payload">One JSON value in UTF-8.</param>
public sealed record RoomMessage(string Type, ReadOnlyMemory<byte> Payload)
{
    /// <summary>The user who sent a message of a type of one's own; <c>null</c> for any other.</summary>
    public MessageSender? Sender { get; init; }
}

/// <summary>A command was refused, with the code and the text that any client would have got.</summary>
public sealed class CommandRefusedException(int code, string text) : Exception($"{code}: {text}")
{
    public int Code { get; } = code;
    public string Text { get; } = text;
}
