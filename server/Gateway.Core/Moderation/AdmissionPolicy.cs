using System.Globalization;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Moderation;

/// <summary>
/// Rejects users who are banned or have too many connections, and closes the connections that a ban or a revocation affects.
/// </summary>
internal sealed class AdmissionPolicy
{
    private readonly ConnectionTable _connections;
    private readonly IRestrictionStore _restrictions;
    private readonly int _maxPerUser;

    /// <param name="maxPerUser">Connections of one user on this replica; 0 = no limit.</param>
    public AdmissionPolicy(ConnectionTable connections, IRestrictionStore restrictions, int maxPerUser)
    {
        _connections = connections;
        _restrictions = restrictions;
        _maxPerUser = maxPerUser;
        restrictions.Imposed += CloseConnections;
    }

    /// <summary>Checks a request before it is a connection.</summary>
    /// <param name="user">The user of the request.</param>
    /// <param name="isNew">Whether the request opens a connection, and does not belong to an open one.</param>
    public Error? Check(UserIdentity user, bool isNew) =>
        _restrictions.Find(RestrictionKind.Ban, user.Id) is { } ban ? Banned(ban)
        : isNew && _maxPerUser > 0 && _connections.OfUser(user.Id).Length >= _maxPerUser
            ? new Error(503, "too many connections of this user")
        : null;

    /// <summary>
    /// Checks again once the connection is in the table, where a ban finds it, so that no ban is missed in between. Of several connections
    /// that were opened at the same time, it rejects those over the limit.
    /// </summary>
    public CloseReason? Check(Connection connection) =>
        _restrictions.Find(RestrictionKind.Ban, connection.User.Id) != null ? CloseReason.Banned
        : _maxPerUser > 0 && Array.IndexOf(_connections.OfUser(connection.User.Id), connection) >= _maxPerUser ? CloseReason.TooManyOfUser
        : null;

    /// <summary>Returns whether the user's tokens issued at this time are revoked.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="issuedAt">The token's <c>iat</c>, in whole seconds. A token of the second of the revocation is revoked.</param>
    public bool IsRevoked(string userId, DateTimeOffset issuedAt) =>
        _restrictions.Find(RestrictionKind.Revocation, userId) is { } revocation && issuedAt <= revocation.Since;

    private static Error Banned(Restriction ban) =>
        Error.Forbidden(ban.Until is not { } until ? "banned"
            : $"banned until {until.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}");

    private void CloseConnections(Restriction restriction)
    {
        if (restriction.Kind == RestrictionKind.Mute) return;
        var reason = restriction.Kind == RestrictionKind.Ban ? CloseReason.Banned : CloseReason.Revoked;
        foreach (var connection in _connections.OfUser(restriction.UserId)) connection.Close(reason);
    }
}
