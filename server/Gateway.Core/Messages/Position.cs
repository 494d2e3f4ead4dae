namespace Gateway.Core.Messages;

/// <summary>
/// A position in a room's sequence of messages. Within an epoch, offsets count from 1 without gaps. A new epoch means that the sequence
/// started again.
/// </summary>
/// <param name="Epoch">Identifies the sequence.</param>
/// <param name="Offset">The offset of a message; 0 is the position before the first one.</param>
public readonly record struct Position(string Epoch, long Offset)
{
    /// <summary>No position: the room has no offsets, or the message is not for a room.</summary>
    public static Position None { get; } = new("", 0);

    /// <summary>Whether this is <see cref="None"/>.</summary>
    public bool IsNone => string.IsNullOrEmpty(Epoch);

    /// <summary>Returns whether this position is before the other one, or of another epoch. Epochs have no order.</summary>
    public bool IsBehind(Position other) => Epoch != other.Epoch || Offset < other.Offset;
}
