namespace Gateway.Core.Rooms;

/// <summary>The policy of every room: the first whose pattern matches the name (<c>*</c> stands for any text), or the default.</summary>
internal sealed class RoomPolicies(RoomPolicy byDefault, IReadOnlyList<(string Match, RoomPolicy Policy)> policies)
{
    /// <summary>Who may do what, beside the policies.</summary>
    public RoomPermissions Permissions { get; init; } = RoomPermissions.None;

    public RoomPolicy For(string room)
    {
        foreach (var (match, policy) in policies)
            if (RoomPattern.Matches(match, room))
                return policy;
        return byDefault;
    }
}
