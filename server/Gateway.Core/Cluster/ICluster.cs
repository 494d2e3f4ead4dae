namespace Gateway.Core.Cluster;

/// <summary>Asks all replicas, this one included. Each answers for the connections that it has.</summary>
public interface ICluster
{
    /// <exception cref="Broadcast.BackplaneException">The backplane is away.</exception>
    ValueTask<ClusterReplies> AskAsync(ClusterQuery question, CancellationToken cancel = default);
}

/// <param name="Silent">Replicas that were asked and did not answer in time.</param>
public sealed record ClusterReplies(IReadOnlyList<ClusterReply> All, int Silent);

/// <summary>A gateway that has one replica.</summary>
public sealed class InProcessCluster(ClusterQueryHandler local) : ICluster
{
    public async ValueTask<ClusterReplies> AskAsync(ClusterQuery question, CancellationToken cancel = default) =>
        new([await local.AnswerAsync(question).ConfigureAwait(false)], Silent: 0);
}
