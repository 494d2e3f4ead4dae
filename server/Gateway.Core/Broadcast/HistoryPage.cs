using Gateway.Core.Messages;

namespace Gateway.Core.Broadcast;

/// <summary>Which part of a room's past is wanted: the offsets between two, both not included.</summary>
/// <param name="After">0 for the beginning.</param>
/// <param name="Before"><see cref="long.MaxValue"/> for the end.</param>
/// <param name="Limit">How many messages at most.</param>
public readonly record struct HistoryRange(long After, long Before, int Limit)
{
    /// <summary>Where the range holds more than the limit: the newest of them, not the oldest.</summary>
    public bool FromEnd { get; init; }

    /// <summary>A page that has grown past this ends there. It holds at least one message, if there is one.</summary>
    public int MaxBytes { get; init; } = 256 * 1024;
}

/// <summary>A piece of a room's past.</summary>
/// <param name="Head">The position of the room's last message when this was read.</param>
/// <param name="Messages">In the order of their offsets, which have no holes but where messages were forgotten: too old, or too many after them.</param>
/// <param name="HasMore">The range holds further messages, that the limits left out.</param>
public sealed record HistoryPage(Position Head, IReadOnlyList<HistoryMessage> Messages, bool HasMore);

public readonly record struct HistoryMessage(long Offset, Audience Audience, Message Message)
{
    public int ApproximateBytes => Message.Payload.Length + 64;
}
