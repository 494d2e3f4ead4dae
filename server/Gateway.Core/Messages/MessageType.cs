using System.Buffers;

namespace Gateway.Core.Messages;

/// <summary>
/// The rules for message types: 1 to 64 characters of <c>A-Z a-z 0-9 _ . : / -</c>. Types are compared without case, because SignalR
/// clients match targets without case. Only ASCII, because other letters fold into it: the Kelvin sign is a <c>k</c> in lower case.
/// </summary>
internal static class MessageType
{
    public const int MaxLength = 64;

    private static readonly SearchValues<char> Alphabet = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:/-");

    public static StringComparer Comparer => StringComparer.OrdinalIgnoreCase;

    /// <summary>The built-in types that clients send.</summary>
    public static IReadOnlyList<string> ClientTypes { get; } =
        ["chat", "join", "leave", "presence", "direct", "history", "ping", "refresh", "auth", "mute", "unmute", "kick", "ban", "unban"];

    /// <summary>The types that only the gateway sends. Clients cannot use them.</summary>
    public static IReadOnlyList<string> ServerTypes { get; } = ["pong", "ack", "error", "welcome", "system", "metrics"];

    /// <summary>Returns the built-in type that equals <paramref name="type"/>, in its canonical case, or <c>null</c>.</summary>
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

    // Each allowed character is one byte.
    public static Error TooLong { get; } = Error.BadRequest($"type is longer than {MaxLength} bytes");

    public static Error? Check(ReadOnlySpan<char> type) =>
        type.IsEmpty ? Error.BadRequest("type must not be empty")
        : type.Length > MaxLength ? TooLong
        : type.ContainsAnyExcept(Alphabet) ? Error.BadRequest("type may only contain A-Z a-z 0-9 _ . : / -")
        : null;
}
