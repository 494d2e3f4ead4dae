namespace Gateway.Core.Limits;

/// <summary>How much one user may send, on all its connections and replicas together. ClusterReplies at once, without asking anyone.</summary>
public interface IUserQuotas
{
    /// <summary>A connection of the user has come: soon it will send.</summary>
    void Prefetch(string userId);

    /// <returns>False if the budget is used up.</returns>
    bool TryAcquire(string userId, out TimeSpan retryAfter);
}
