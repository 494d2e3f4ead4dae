namespace Gateway.Core.Connections;

/// <summary>Who is at the other end.</summary>
/// <param name="Id">The token's <c>sub</c>, or made up for an anonymous user; unique.</param>
/// <param name="Name">For people to read; not unique.</param>
/// <param name="ClientId">The application that the user came with, if known.</param>
public sealed record UserIdentity(string Id, string Name, string? ClientId = null)
{
    public const int MaxNameLength = 64;

    /// <summary>The secret with which an anonymous user comes back as the same one; <c>null</c> if the user is not anonymous.</summary>
    public string? GuestKey { get; init; }

    /// <summary>Without the key: what is printed somewhere must not let anyone in.</summary>
    public override string ToString() => $"{Id} ({Name})";
}
