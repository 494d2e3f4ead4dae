using System.Diagnostics.CodeAnalysis;
using Gateway.Core.Messages;

namespace Gateway.Core.Rooms;

/// <summary>
/// The rules for room names: 1 to 128 visible characters without white space and <c>*</c>, which is the wildcard of policies.
/// </summary>
internal static class RoomName
{
    public const int MaxLength = 128;
    public const string Lobby = "lobby";

    /// <summary>The room of relayed frames. With its space, no client and no policy can name it.</summary>
    public const string Relay = "frame relay";

    /// <summary>Returns the name in Unicode normal form C, so that a letter with an accent is the same room however it was typed.</summary>
    [return: NotNullIfNotNull(nameof(name))]
    public static string? Normalize(string? name) => name == null ? null : NameText.Normalize(name);

    public static Error? Check(string name) =>
        name.Length == 0 ? Error.BadRequest("room must not be empty")
        : name.Length > MaxLength ? Error.BadRequest($"room is longer than {MaxLength} characters")
        : name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '*')
            ? Error.BadRequest("room must not contain white space, control characters or *")
        : !NameText.IsVisible(name, allowSpaces: false) ? Error.BadRequest("room must not contain invisible characters")
        : null;
}
