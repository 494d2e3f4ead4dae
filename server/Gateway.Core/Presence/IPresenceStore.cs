using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Presence;

/// <summary>
/// The users in each room, on all replicas. If the room's policy announces joins and leaves, the store announces each of them once per
/// user, in order. A user who loses the last connection stays listed for a grace period, and may come back on any replica without an
/// announcement.
/// </summary>
public interface IPresenceStore
{
    /// <summary>Adds a connection to a room. Calls for one connection and room do not overlap, and an add comes first.</summary>
    /// <returns>Completes when every replica lists it; or soon, if the backplane is unavailable, and the store catches up later.</returns>
    ValueTask AddAsync(string room, Connection connection);

    /// <summary>Removes a connection from a room.</summary>
    /// <param name="room">The room.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="immediately">Whether to skip the grace period, because the user left the room.</param>
    /// <inheritdoc cref="AddAsync" path="/returns"/>
    ValueTask RemoveAsync(string room, Connection connection, bool immediately);

    /// <summary>Updates the status of a connection. Does nothing if the connection is not in the room.</summary>
    /// <inheritdoc cref="AddAsync" path="/returns"/>
    ValueTask UpdateAsync(string room, Connection connection);

    /// <summary>Returns whether the user is in the room, on any replica.</summary>
    /// <exception cref="Broadcast.BackplaneException">The backplane is unavailable.</exception>
    ValueTask<bool> ContainsAsync(string room, string userId);

    /// <summary>Lists the users in a room, ordered by the time of their first connection.</summary>
    /// <exception cref="Broadcast.BackplaneException">The backplane is unavailable.</exception>
    ValueTask<IReadOnlyList<PresenceMember>> ListAsync(string room);
}

/// <summary>Publishes an announcement to the members of a room. It must not throw synchronously.</summary>
internal delegate ValueTask Announce(Audience audience, Message message);
