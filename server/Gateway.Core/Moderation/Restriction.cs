namespace Gateway.Core.Moderation;

public enum RestrictionKind : byte
{
    /// <summary>May not say anything, in one room or anywhere.</summary>
    Mute = 1,

    /// <summary>May not be connected.</summary>
    Ban = 2,

    /// <summary>Has to prove anew who it is: tokens from before do not count any more.</summary>
    Revocation = 3,
}

/// <summary>What holds against a user.</summary>
/// <param name="Room">For a mute: the room; <c>null</c> for everywhere.</param>
/// <param name="Until"><c>null</c>: for good.</param>
public sealed record Restriction(RestrictionKind Kind, string UserId, string? Room, DateTimeOffset Since, DateTimeOffset? Until)
{
    /// <summary>Of one kind, a user has one in each room, and one everywhere.</summary>
    public bool Matches(RestrictionKind kind, string? room) => Kind == kind && Room == room;

    public bool IsActive(DateTimeOffset now) => Until is not { } until || until > now;
}
