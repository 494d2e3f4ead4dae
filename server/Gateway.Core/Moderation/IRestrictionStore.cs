namespace Gateway.Core.Moderation;

/// <summary>
/// What holds against users, on all replicas. Each of them knows all of it, so that looking costs no more than a dictionary does; whoever changes something
/// waits until it is kept.
/// </summary>
public interface IRestrictionStore
{
    /// <summary>Called, on every replica, when one has begun to hold that this replica did not know. Must not wait.</summary>
    event Action<Restriction>? Imposed;

    /// <returns>What holds now, as far as this replica knows; within a second, what every replica knows.</returns>
    Restriction? Find(RestrictionKind kind, string userId, string? room = null);

    /// <summary>Begins to hold, in the place of what held before. Known here when it completes, and everywhere within a second.</summary>
    /// <exception cref="Broadcast.BackplaneException">The backplane is away.</exception>
    ValueTask ImposeAsync(Restriction restriction);

    /// <returns>False if nothing held.</returns>
    /// <exception cref="Broadcast.BackplaneException">The backplane is away.</exception>
    ValueTask<bool> LiftAsync(RestrictionKind kind, string userId, string? room = null);
}
