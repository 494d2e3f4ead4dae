using System.Buffers;

namespace Gateway.Core.Messages;

/// <summary>
/// What a message type may be: 1 to 64 characters of a small part of ASCII. Types are compared without regard to case, as SignalR clients match targets: else <c>Welcome</c> would be
/// another type here and the same one there. ASCII, because other letters fold into it (the Kelvin sign is a <c>k</c> in lower case).
/// </summary>
internal static class MessageType
{
    public const int MaxLength = 64;

    private static readonly SearchValues<char> Alphabet = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:/-");

    public static StringComparer Comparer => StringComparer.OrdinalIgnoreCase;

    /// <summary>What clients send, beside types of their own.</summary>
    public static IReadOnlyList<string> ClientTypes { get; } =
        ["chat", "join", "leave", "presence", "direct", "history", "ping", "refresh", "auth", "mute", "unmute", "kick", "ban", "unban"];

    /// <summary>What only the gateway sends, so that no client can pass for it.</summary>
    public static IReadOnlyList<string> ServerTypes { get; } = ["pong", "ack", "error", "welcome", "system", "metrics"];

    /// <summary>The gateway's own type that this one equals, if there is one, in its own case.</summary>
    public static string? FindBuiltIn(ReadOnlySpan<char> type)
    {
        foreach (var name in ClientTypes)
            if (type.Equals(name, StringComparison.OrdinalIgnoreCase))
                return name;
        foreach (var name in ServerTypes)
            if (type.Equals(name, StringComparison.OrdinalIgnoreCase))
                return name;
        return null;
    }

    /// <summary>A character of the alphabet is one byte.</summary>
    public static Error TooLong { get; } = Error.BadRequest($"type is longer than {MaxLength} bytes");

    public static Error? Check(ReadOnlySpan<char> type) =>
        type.IsEmpty ? Error.BadRequest("type must not be empty")
        : type.Length > MaxLength ? TooLong
        : type.ContainsAnyExcept(Alphabet) ? Error.BadRequest("type may only contain A-Z a-z 0-9 _ . : / -")
        : null;
}
