using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Presence;

/// <summary>
/// Who is in which room, user by user, on all replicas. Where a room's policy announces, its members are told who joins and who leaves: once a user, however many
/// connections it has, and in the order in which it happened. A user who loses its last connection has a grace to come back, on any replica,
/// as if it had not been gone; until that is over it is still listed.
/// </summary>
public interface IPresenceStore
{
    /// <summary>One more connection of its user is in the room. Calls for one connection and room come one after the other, entering first.</summary>
    /// <returns>Completes when every replica's list shows it; or soon, if the backplane is away: then it is made up for.</returns>
    ValueTask AddAsync(string room, Connection connection);

    /// <summary>The connection has left the room.</summary>
    /// <param name="immediately">There is no grace, because the user wanted to leave.</param>
    /// <inheritdoc cref="AddAsync"/>
    ValueTask RemoveAsync(string room, Connection connection, bool immediately);

    /// <summary>The status of a connection has changed. Nothing, if it is not in the room.</summary>
    /// <inheritdoc cref="AddAsync"/>
    ValueTask UpdateAsync(string room, Connection connection);

    /// <summary>Is the user in the room, on whichever replica?</summary>
    /// <exception cref="Broadcast.BackplaneException">The backplane is away.</exception>
    ValueTask<bool> ContainsAsync(string room, string userId);

    /// <summary>Who came first stands first.</summary>
    /// <exception cref="Broadcast.BackplaneException">The backplane is away.</exception>
    ValueTask<IReadOnlyList<PresenceMember>> ListAsync(string room);
}

/// <summary>Tells the members of a room: the publisher's way. It fails by its task only.</summary>
internal delegate ValueTask Announce(Audience audience, Message message);
