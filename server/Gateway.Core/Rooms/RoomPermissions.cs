using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Rooms;

/// <summary>What a user wants to do in a room.</summary>
internal enum RoomAction : byte
{
    Join,
    Publish,

    /// <summary>Read the history: <c>history</c>, and <c>since</c> of a <c>join</c>.</summary>
    History,

    /// <summary>List the users.</summary>
    Presence,
}

/// <summary>
/// Which users may do what in which rooms. The first rule that matches the room decides; without one, everything is allowed. Server code is
/// not checked.
/// </summary>
internal sealed class RoomPermissions(IReadOnlyList<RoomRule> rules)
{
    public static RoomPermissions None { get; } = new([]);

    public Error? Check(UserIdentity user, string room, RoomAction action)
    {
        foreach (var rule in rules)
            if (rule.Matches(room))
                return rule.Allows(user, room, action) ? null : Error.Forbidden($"not allowed in room {room}");
        return null;
    }
}

/// <summary>
/// A rule for the rooms that match a pattern. <c>*</c> matches any text. <c>{sub}</c> matches any text too, but the rule allows only the
/// user whose id is that text.
/// </summary>
internal sealed class RoomRule
{
    /// <summary>The role of every user.</summary>
    public const string Everyone = "*";

    private const string Sub = "{sub}";

    private readonly string _match;
    private readonly int _sub;
    private readonly IReadOnlyCollection<string>[] _roles;

    /// <param name="match">At most one <c>{sub}</c>, and no <c>*</c> beside it, because then two users' rooms could have one name.</param>
    /// <param name="join">The roles of which a user needs one; if empty, only the server may.</param>
    public RoomRule(
        string match, IReadOnlyCollection<string> join, IReadOnlyCollection<string> publish, IReadOnlyCollection<string> history,
        IReadOnlyCollection<string> presence)
    {
        _sub = match.IndexOf(Sub, StringComparison.Ordinal);
        _match = match;
        _roles = [join, publish, history, presence];
    }

    internal bool Matches(string room) => _sub < 0
        ? RoomPattern.Matches(_match, room)
        : room.Length > _match.Length - Sub.Length && room.AsSpan().StartsWith(_match.AsSpan(0, _sub))
            && room.AsSpan().EndsWith(_match.AsSpan(_sub + Sub.Length));

    internal bool Allows(UserIdentity user, string room, RoomAction action)
    {
        if (_sub >= 0 && !room.AsSpan(_sub, room.Length - (_match.Length - Sub.Length)).SequenceEqual(user.Id)) return false;
        foreach (var role in _roles[(int)action])
            if (role == Everyone || user.Roles.Contains(role))
                return true;
        return false;
    }
}
