namespace Gateway.Core.Messages;

/// <summary>How much of a room's history is kept for clients that recover.</summary>
/// <param name="Messages">The number of newest messages to keep. With 0 the room has offsets, but no history.</param>
/// <param name="Lifetime">How long a message is kept at most.</param>
public sealed record Retention(int Messages, TimeSpan Lifetime)
{
    /// <summary>Offsets without history.</summary>
    public static Retention None { get; } = new(0, TimeSpan.Zero);
}
