using Gateway.Core.Messages;

namespace Gateway.Core.Broadcast;

/// <summary>A range of a room's history: the offsets between two bounds, both exclusive.</summary>
/// <param name="After">The lower bound; 0 for the start.</param>
/// <param name="Before">The upper bound; <see cref="long.MaxValue"/> for the end.</param>
/// <param name="Limit">The maximum number of messages.</param>
public readonly record struct HistoryRange(long After, long Before, int Limit)
{
    /// <summary>Whether to return the newest messages of the range, not the oldest, if there are more than the limit.</summary>
    public bool FromEnd { get; init; }

    /// <summary>The approximate maximum size of a page in bytes. A page has at least one message, if there is one.</summary>
    public int MaxBytes { get; init; } = 256 * 1024;
}

/// <summary>A page of a room's history.</summary>
/// <param name="Head">The position of the room's last message at the time of reading.</param>
/// <param name="Messages">The messages in the order of their offsets. Messages that are no longer kept are missing.</param>
/// <param name="HasMore">Whether the limits cut off further messages of the range.</param>
public sealed record HistoryPage(Position Head, IReadOnlyList<HistoryMessage> Messages, bool HasMore);

/// <summary>A message of a room's history.</summary>
/// <param name="Offset">The message's offset.</param>
/// <param name="Audience">The room, with the connections that do not get the message.</param>
/// <param name="Message">The message.</param>
public readonly record struct HistoryMessage(long Offset, Audience Audience, Message Message)
{
    /// <summary>The approximate size in memory, in bytes.</summary>
    public int ApproximateBytes => Message.Payload.Length + 64;
}
