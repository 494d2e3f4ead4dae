using System.Collections.Frozen;

namespace Gateway.Core.Connections;

/// <summary>The user of a connection.</summary>
/// <param name="Id">The token's <c>sub</c>, or generated for an anonymous user. Unique. Empty for a connection without a user, in a hub
/// of the application.</param>
/// <param name="Name">The display name. Not unique.</param>
/// <param name="ClientId">The application that the user came with, if known.</param>
public sealed record UserIdentity(string Id, string Name, string? ClientId = null)
{
    /// <summary>The maximum length of a display name in characters.</summary>
    public const int MaxNameLength = 64;

    /// <summary>Whether there is a user, who may have other connections and get messages of its own.</summary>
    internal bool IsKnown => Id.Length > 0;

    /// <summary>The roles in the token; empty for an anonymous user. Compared exactly.</summary>
    public IReadOnlySet<string> Roles { get; init; } = FrozenSet<string>.Empty;

    /// <summary>The token's session (<c>sid</c>), if it has one.</summary>
    public string? SessionId { get; init; }

    /// <summary>The secret with which an anonymous user reconnects as the same user; <c>null</c> if the user is not anonymous.</summary>
    public string? GuestKey { get; init; }

    /// <summary>Returns the id and the name, without the guest key, which is a secret.</summary>
    public override string ToString() => $"{Id} ({Name})";
}

/// <summary>The status of a user.</summary>
/// <param name="Text">Free text.</param>
/// <param name="SetAt">When it was set; the newest of several connections wins. <c>null</c> if it was never set.</param>
public sealed record UserStatus(string Text, DateTimeOffset? SetAt)
{
    /// <summary>The status of a user who has set none.</summary>
    public static UserStatus Online { get; } = new("online", null);

    /// <summary>The rooms in which the user was muted when the status was set. They do not see it.</summary>
    public IReadOnlySet<string> HiddenIn { get; init; } = FrozenSet<string>.Empty;
}
