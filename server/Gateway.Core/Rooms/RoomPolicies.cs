namespace Gateway.Core.Rooms;

/// <summary>Finds the policy of a room: the first one whose pattern matches (<c>*</c> matches any text), or the default.</summary>
internal sealed class RoomPolicies(RoomPolicy byDefault, IReadOnlyList<(string Match, RoomPolicy Policy)> policies)
{
    /// <summary>Which users may do what.</summary>
    public RoomPermissions Permissions { get; init; } = RoomPermissions.None;

    public RoomPolicy For(string room)
    {
        foreach (var (match, policy) in policies)
            if (RoomPattern.Matches(match, room))
                return policy;
        return byDefault;
    }
}
