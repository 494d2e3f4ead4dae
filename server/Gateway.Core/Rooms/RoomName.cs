using System.Diagnostics.CodeAnalysis;
using Gateway.Core.Messages;

namespace Gateway.Core.Rooms;

/// <summary>1 to 128 characters that show, without white space and <c>*</c>, which is the policies' wildcard.</summary>
internal static class RoomName
{
    public const int MaxLength = 128;
    public const string Lobby = "lobby";

    /// <summary>Where a hub's relayed frames go. The blank keeps it out of every client's and every policy's reach.</summary>
    public const string Relay = "frame relay";

    /// <summary>The name in Unicode's normal form C: however an accent is typed, it is the same room.</summary>
    [return: NotNullIfNotNull(nameof(name))]
    public static string? Normalize(string? name) => name == null ? null : NameText.Normalize(name);

    public static Error? Check(string name) =>
        name.Length == 0 ? Error.BadRequest("room must not be empty")
        : name.Length > MaxLength ? Error.BadRequest($"room is longer than {MaxLength} characters")
        : name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '*') ? Error.BadRequest("room must not contain white space, control characters or *")
        : !NameText.IsVisible(name, allowSpaces: false) ? Error.BadRequest("room must not contain invisible characters")
        : null;
}
