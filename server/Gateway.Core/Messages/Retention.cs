namespace Gateway.Core.Messages;

/// <summary>How much of a room's past is kept, so that whoever was away can catch up.</summary>
/// <param name="Messages">The newest so many; 0 for none: then the room's messages have offsets, but cannot be read back.</param>
/// <param name="Lifetime">How long each of them, at most.</param>
public sealed record Retention(int Messages, TimeSpan Lifetime)
{
    /// <summary>Offsets, and nothing else.</summary>
    public static Retention None { get; } = new(0, TimeSpan.Zero);
}
