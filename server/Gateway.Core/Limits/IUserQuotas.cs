namespace Gateway.Core.Limits;

/// <summary>How many messages a user may send, on all its connections and replicas together. Both methods return at once.</summary>
public interface IUserQuotas
{
    /// <summary>Prefetches the quota of a user, because a connection of the user has been opened.</summary>
    void Prefetch(string userId);

    /// <summary>Takes one message from the user's quota.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="retryAfter">If the quota is used up: when the user may try again.</param>
    /// <returns><c>false</c> if the quota is used up.</returns>
    bool TryAcquire(string userId, out TimeSpan retryAfter);
}
