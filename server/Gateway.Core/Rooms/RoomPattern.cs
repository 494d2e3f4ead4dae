namespace Gateway.Core.Rooms;

/// <summary>Patterns of room names: <c>*</c> stands for any text, and every other character for itself. (The framework's matcher has a <c>?</c> that cannot be escaped.)</summary>
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
        while ((star = rest.IndexOf('*')) >= 0) // what stands between two stars: the earliest place leaves the most for the others
        {
            var at = left.IndexOf(rest[..star]);
            if (at < 0) return false;
            left = left[(at + star)..];
            rest = rest[(star + 1)..];
        }
        return left.EndsWith(rest);
    }
}
