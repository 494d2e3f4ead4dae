namespace Gateway.Core.Cluster;

/// <summary>Queries all replicas, including this one. Each replies for its own connections.</summary>
public interface ICluster
{
    /// <summary>Sends a query to all replicas and collects their replies.</summary>
    /// <exception cref="Broadcast.BackplaneException">The backplane is unavailable.</exception>
    ValueTask<ClusterReplies> QueryAsync(ClusterQuery query, CancellationToken cancel = default);
}

/// <summary>The replies to a query.</summary>
/// <param name="All">One reply for each replica that replied in time.</param>
/// <param name="TimedOut">The number of replicas that did not reply in time.</param>
public sealed record ClusterReplies(IReadOnlyList<ClusterReply> All, int TimedOut);

/// <summary>The cluster of a single replica.</summary>
internal sealed class InProcessCluster(ClusterQueryHandler local) : ICluster
{
    public async ValueTask<ClusterReplies> QueryAsync(ClusterQuery query, CancellationToken cancel = default) =>
        new([await local.HandleAsync(query).ConfigureAwait(false)], TimedOut: 0);
}
