namespace Gateway.Core.Moderation;

/// <summary>
/// The restrictions of users, on all replicas. Every replica has all of them in memory, so a lookup costs as much as in a dictionary. A
/// change completes when it is stored.
/// </summary>
public interface IRestrictionStore
{
    /// <summary>Raised on every replica when a restriction begins that this replica did not know. Handlers must not block.</summary>
    event Action<Restriction>? Imposed;

    /// <summary>Returns the active restriction of a kind, or <c>null</c>. A change on another replica is visible within a second.</summary>
    Restriction? Find(RestrictionKind kind, string userId, string? room = null);

    /// <summary>
    /// Imposes a restriction, and replaces an earlier one. It is visible here on completion, and on every replica within a second.
    /// </summary>
    /// <exception cref="Broadcast.BackplaneException">The backplane is unavailable.</exception>
    ValueTask ImposeAsync(Restriction restriction);

    /// <summary>Lifts a restriction.</summary>
    /// <returns><c>false</c> if there was none.</returns>
    /// <exception cref="Broadcast.BackplaneException">The backplane is unavailable.</exception>
    ValueTask<bool> LiftAsync(RestrictionKind kind, string userId, string? room = null);
}
