namespace Gateway.Core.Moderation;

/// <summary>The kinds of restrictions.</summary>
public enum RestrictionKind : byte
{
    /// <summary>The user may not publish, in one room or anywhere.</summary>
    Mute = 1,

    /// <summary>The user may not connect.</summary>
    Ban = 2,

    /// <summary>The user's tokens issued until now are invalid.</summary>
    Revocation = 3,
}

/// <summary>A restriction of a user. The names of the properties are part of the format in Redis.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="UserId">The user's id.</param>
/// <param name="Room">For a mute, the room; <c>null</c> for all rooms.</param>
/// <param name="Since">When it was imposed.</param>
/// <param name="Until">When it ends; <c>null</c> for never.</param>
public sealed record Restriction(RestrictionKind Kind, string UserId, string? Room, DateTimeOffset Since, DateTimeOffset? Until)
{
    /// <summary>Returns whether this is the user's restriction of a kind in a room. A user has at most one of each.</summary>
    public bool Matches(RestrictionKind kind, string? room) => Kind == kind && Room == room;

    /// <summary>Returns whether the restriction has not ended yet.</summary>
    public bool IsActive(DateTimeOffset now) => Until is not { } until || until > now;
}
