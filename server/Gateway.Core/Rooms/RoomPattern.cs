namespace Gateway.Core.Rooms;

/// <summary>
/// Patterns of room names: <c>*</c> matches any text, every other character matches itself. The framework's matcher also has <c>?</c>,
/// which cannot be escaped.
/// </summary>
internal static class RoomPattern
{
    public static bool Matches(string pattern, string room)
    {
        var rest = pattern.AsSpan();
        var left = room.AsSpan();
        var star = rest.IndexOf('*');
        if (star < 0) return rest.SequenceEqual(left);
        if (!left.StartsWith(rest[..star])) return false;
        left = left[star..];
        rest = rest[(star + 1)..];
        while ((star = rest.IndexOf('*')) >= 0) // text between two stars: the earliest match leaves the most for the rest
        {
            var at = left.IndexOf(rest[..star]);
            if (at < 0) return false;
            left = left[(at + star)..];
            rest = rest[(star + 1)..];
        }
        return left.EndsWith(rest);
    }
}
