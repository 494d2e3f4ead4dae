using System.Globalization;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Moderation;

/// <summary>Lets nobody in who is banned or has too many connections, and shows out whom a ban or a revocation hits.</summary>
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

    /// <summary>Ahead of the upgrade: may the user come?</summary>
    /// <param name="isNew">One more connection, not a request of one that is there.</param>
    public Error? Check(UserIdentity user, bool isNew) =>
        _restrictions.Find(RestrictionKind.Ban, user.Id) is { } ban ? Banned(ban)
        : isNew && _maxPerUser > 0 && _connections.OfUser(user.Id).Length >= _maxPerUser ? new Error(503, "too many connections of this user")
        : null;

    /// <summary>
    /// Once more when the connection stands in the table, where a ban that comes now would find it: what came between has missed neither. Of several that came at the
    /// same time those that were too many go.
    /// </summary>
    public CloseReason? Check(Connection connection) =>
        _restrictions.Find(RestrictionKind.Ban, connection.User.Id) != null ? CloseReason.Banned
        : _maxPerUser > 0 && Array.IndexOf(_connections.OfUser(connection.User.Id), connection) >= _maxPerUser ? CloseReason.TooManyOfUser
        : null;

    /// <summary>Has the user to prove anew who it is? For the check of tokens.</summary>
    /// <param name="issuedAt">The token's <c>iat</c>, of whole seconds: one of the very second of the revocation does not count.</param>
    public bool IsRevoked(string userId, DateTimeOffset issuedAt) =>
        _restrictions.Find(RestrictionKind.Revocation, userId) is { } revocation && issuedAt <= revocation.Since;

    private static Error Banned(Restriction ban) =>
        Error.Forbidden(ban.Until is { } until ? $"banned until {until.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}" : "banned");

    private void CloseConnections(Restriction restriction)
    {
        if (restriction.Kind == RestrictionKind.Mute) return;
        foreach (var connection in _connections.OfUser(restriction.UserId)) connection.Close(restriction.Kind == RestrictionKind.Ban ? CloseReason.Banned : CloseReason.Revoked);
    }
}
