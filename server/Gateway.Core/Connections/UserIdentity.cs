using System.Collections.Frozen;

namespace Gateway.Core.Connections;

/// <summary>Who is at the other end.</summary>
/// <param name="Id">The token's <c>sub</c>, or made up for an anonymous user; unique.</param>
/// <param name="Name">For people to read; not unique.</param>
/// <param name="ClientId">The application that the user came with, if known.</param>
public sealed record UserIdentity(string Id, string Name, string? ClientId = null)
{
    public const int MaxNameLength = 64;

    /// <summary>What the token says that the user may be; empty for an anonymous one. Compared exactly.</summary>
    public IReadOnlySet<string> Roles { get; init; } = FrozenSet<string>.Empty;

    /// <summary>The session at the token's issuer (<c>sid</c>), if it names one.</summary>
    public string? SessionId { get; init; }

    /// <summary>The secret with which an anonymous user comes back as the same one; <c>null</c> if the user is not anonymous.</summary>
    public string? GuestKey { get; init; }

    /// <summary>Without the key: what is printed somewhere must not let anyone in.</summary>
    public override string ToString() => $"{Id} ({Name})";
}

/// <summary>What a user says of itself.</summary>
/// <param name="SetAt">Of several connections the one that spoke last counts; <c>null</c>: it has said nothing yet.</param>
public sealed record UserStatus(string Text, DateTimeOffset? SetAt)
{
    public static UserStatus Online { get; } = new("online", null);

    /// <summary>Rooms of the user's in which it was muted when it said so: they do not see it.</summary>
    public IReadOnlySet<string> HiddenIn { get; init; } = FrozenSet<string>.Empty;
}
