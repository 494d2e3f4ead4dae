using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Rooms;

/// <summary>What a permission is for.</summary>
internal enum RoomAction : byte
{
    Join,
    Publish,

    /// <summary>Reading what was said before: <c>history</c>, and <c>since</c> of a <c>join</c>.</summary>
    History,

    /// <summary>Asking who is there.</summary>
    Presence,
}

/// <summary>Which users may do what in which rooms: the first rule that matches a room's name decides; without one nothing is forbidden here. Server code is not asked.</summary>
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
/// One rule. In <c>match</c>, <c>*</c> stands for any text; or <c>{sub}</c> stands for a user's id: such a rule is about all rooms of that form, and lets into each only the user
/// whose id stands there.
/// </summary>
internal sealed class RoomRule
{
    /// <summary>As a role: everyone.</summary>
    public const string Everyone = "*";

    private const string Sub = "{sub}";

    private readonly string _match;
    private readonly int _sub;
    private readonly IReadOnlyCollection<string>[] _roles;

    /// <param name="match">No more than one <c>{sub}</c>, and no <c>*</c> beside it: two users' rooms could have one name.</param>
    /// <param name="join">The roles of which a user needs one; empty: only the server.</param>
    public RoomRule(string match, IReadOnlyCollection<string> join, IReadOnlyCollection<string> publish, IReadOnlyCollection<string> history, IReadOnlyCollection<string> presence)
    {
        _sub = match.IndexOf(Sub, StringComparison.Ordinal);
        _match = match;
        _roles = [join, publish, history, presence];
    }

    internal bool Matches(string room) => _sub < 0
        ? RoomPattern.Matches(_match, room)
        : room.Length > _match.Length - Sub.Length && room.AsSpan().StartsWith(_match.AsSpan(0, _sub)) && room.AsSpan().EndsWith(_match.AsSpan(_sub + Sub.Length));

    internal bool Allows(UserIdentity user, string room, RoomAction action)
    {
        if (_sub >= 0 && !room.AsSpan(_sub, room.Length - (_match.Length - Sub.Length)).SequenceEqual(user.Id)) return false;
        foreach (var role in _roles[(int)action])
            if (role == Everyone || user.Roles.Contains(role))
                return true;
        return false;
    }
}
