namespace Gateway.Core.Messages;

/// <summary>
/// A place in a room's sequence of messages. Offsets count from 1 without holes for as long as the epoch stays the same;
/// a new epoch means that the sequence began anew. Offset 0 is the place before the first message.
/// </summary>
public readonly record struct Position(string Epoch, long Offset)
{
    /// <summary>The message has no place: its room keeps no sequence, or it is not for a room.</summary>
    public static Position None { get; } = new("", 0);

    public bool IsNone => string.IsNullOrEmpty(Epoch);

    /// <summary>Is this an earlier place than the other, or one of an epoch that is over? (Which of two epochs is the later one cannot be seen.)</summary>
    public bool IsBehind(Position other) => Epoch != other.Epoch || Offset < other.Offset;
}
