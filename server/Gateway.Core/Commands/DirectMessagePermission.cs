using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;

namespace Gateway.Core.Commands;

/// <summary>To whom a user may send <c>direct</c> messages.</summary>
public enum DirectReach
{
    /// <summary>To everyone, and the answer tells whether the user is connected.</summary>
    Anyone,

    /// <summary>
    /// To users who are in a room with the sender where the sender may ask for <c>presence</c>. For any other user the answer is that of a
    /// user who is not connected, so it tells nothing that <c>presence</c> does not.
    /// </summary>
    SharedRoom,

    /// <summary>To no one.</summary>
    Nobody,
}

/// <param name="Roles">Users with one of these may send to everyone, whatever <paramref name="Reach"/> says.</param>
internal sealed record DirectMessageRule(DirectReach Reach, IReadOnlyCollection<string> Roles);

/// <summary>May one user send another a direct message?</summary>
internal sealed class DirectMessagePermission(DirectMessageRule rule, RoomTable rooms, ConnectionTable connections, IPresenceStore presence)
{
    /// <exception cref="Broadcast.BackplaneException">The backplane is away.</exception>
    internal async ValueTask<Error?> CheckAsync(Connection sender, string to) =>
        rule.Reach == DirectReach.Anyone || to == sender.User.Id || HasRole(sender) ? null
        : rule.Reach == DirectReach.Nobody ? Error.Forbidden("not allowed to send direct messages")
        : await SharesRoomAsync(sender, to).ConfigureAwait(false) ? null
        : NotConnected(to);

    internal static Error NotConnected(string userId) => Error.NotFound($"user {userId} is not connected");

    private bool HasRole(Connection sender)
    {
        foreach (var role in rule.Roles)
            if (sender.User.Roles.Contains(role))
                return true;
        return false;
    }

    private async ValueTask<bool> SharesRoomAsync(Connection sender, string to)
    {
        var visible = sender.Rooms.Names()
            .Where(room => rooms.PolicyOf(room).Presence && rooms.Permissions.Check(sender.User, room, RoomAction.Presence) == null)
            .ToArray();
        foreach (var connection in connections.OfUser(to)) // on this replica, without a query
            if (visible.Any(connection.Rooms.Contains))
                return true;
        var present = await Task.WhenAll(visible.Select(room => presence.ContainsAsync(room, to).AsTask())).ConfigureAwait(false);
        return Array.IndexOf(present, true) >= 0;
    }
}
