namespace Gateway.Core.Cluster;

/// <summary>Asks all replicas, this one included. Each answers for the connections that it has.</summary>
public interface ICluster
{
    /// <exception cref="Broadcast.BackplaneException">The backplane is away.</exception>
    ValueTask<ClusterReplies> QueryAsync(ClusterQuery query, CancellationToken cancel = default);
}

/// <param name="TimedOut">Replicas that were asked and did not answer in time.</param>
public sealed record ClusterReplies(IReadOnlyList<ClusterReply> All, int TimedOut);

/// <summary>A gateway that has one replica.</summary>
internal sealed class InProcessCluster(ClusterQueryHandler local) : ICluster
{
    public async ValueTask<ClusterReplies> QueryAsync(ClusterQuery query, CancellationToken cancel = default) =>
        new([await local.HandleAsync(query).ConfigureAwait(false)], TimedOut: 0);
}
