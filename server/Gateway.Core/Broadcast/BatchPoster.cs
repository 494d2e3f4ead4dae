using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;

namespace Gateway.Core.Broadcast;

/// <summary>Posts messages to the connections of one shard, in batches that are as large as possible. One thread at a time.</summary>
internal sealed class BatchPoster(
    int shard, FanOutLimits limits, LagRecovery lagRecovery, GatewayMeter meter, SupervisedLoop loop, TimeProvider time)
{
    private readonly FrameBatch?[] _batches = new FrameBatch?[FrameFormats.Count];
    private readonly HashSet<string> _except = new(StringComparer.Ordinal);
    private readonly int[] _delivered = new int[Dialects.All.Count];
    private Membership[] _members = new Membership[16];

    /// <param name="target">A <see cref="MemberSet"/> or a <see cref="Connection"/>.</param>
    /// <param name="deliveries">The messages, in order.</param>
    public void Post(object target, ReadOnlySpan<Delivery> deliveries)
    {
        var count = target is MemberSet set ? set.Copy(shard, ref _members) : 0;
        var members = _members.AsSpan(0, count);
        while (!deliveries.IsEmpty)
        {
            var run = deliveries[..NextRun(deliveries)];
            if (target is Connection connection) TryPost(connection, null, run, isForAll: false);
            else PostRun(members, run);
            Report(run);
            deliveries = deliveries[run.Length..];
        }
        members.Clear(); // keep no references
    }

    /// <summary>Returns how many of the first messages fit in one batch: one policy, one kind, one epoch, within the limits.</summary>
    private int NextRun(ReadOnlySpan<Delivery> deliveries)
    {
        var bytes = deliveries[0].ApproximateBytes;
        var run = 1;
        for (; run < deliveries.Length && run < limits.BatchMessages; run++)
        {
            bytes += deliveries[run].ApproximateBytes;
            if (bytes > limits.BatchBytes || !deliveries[run].CanBatchWith(deliveries[0])) break;
        }
        return run;
    }

    private void PostRun(ReadOnlySpan<Membership> members, ReadOnlySpan<Delivery> run)
    {
        foreach (var delivery in run)
            foreach (var id in delivery.Except)
                _except.Add(id);

        var first = run[0].Position.IsNone ? long.MaxValue : run[0].Offset;
        foreach (var member in members)
        {
            if (member.Slot < 0) continue; // it left meanwhile
            var connection = member.Connection;
            var isForAll = member.JoinPosition.Offset < first && (_except.Count == 0 || !_except.Contains(connection.Id));
            TryPost(connection, member, run, isForAll);
        }
        Array.Clear(_batches);
        _except.Clear();
    }

    /// <summary>
    /// Posts to one connection. A fault does not affect the others: the connection missed messages, so it is aborted, and its client
    /// recovers.
    /// </summary>
    /// <param name="isForAll">Whether the connection gets all the messages.</param>
    private void TryPost(Connection connection, Membership? member, ReadOnlySpan<Delivery> run, bool isForAll)
    {
        try
        {
            if (!isForAll) PostEach(connection, run, member);
            else if (run[0].OutboxOf(connection) is { } outbox)
                Post(member!, outbox, run[0], _batches[(int)outbox.Format] ??= Delivery.Join(run, outbox.Format));
        }
        catch (Exception fault)
        {
            loop.Report(fault);
            connection.Outbox.Abort();
        }
    }

    /// <summary>Posts to a connection that may not get all of the messages.</summary>
    private void PostEach(Connection connection, ReadOnlySpan<Delivery> run, Membership? member)
    {
        foreach (var delivery in run)
        {
            if (!delivery.IsFor(connection, member) || delivery.OutboxOf(connection) is not { } outbox) continue;
            var batch = Delivery.Join([delivery], outbox.Format);
            if (member == null) _delivered[(int)connection.Dialect] += outbox.Post(batch);
            else Post(member, outbox, delivery, batch);
            // After a change of the epoch, the position of the join is irrelevant.
            if (member != null && member.JoinPosition.Epoch != delivery.Position.Epoch && !delivery.Position.IsNone)
                member.JoinPosition = Position.None;
        }
    }

    /// <param name="first">The batch's first message. The others have the same room and epoch.</param>
    private void Post(Membership member, Outbox outbox, Delivery first, FrameBatch batch)
    {
        var rest = batch;
        if (member.LiveBuffer is { } live && live.Take(ref rest, first.Position.Epoch ?? "")) member.LiveBuffer = null;
        // A buffered or discarded message counts as delivered: the member gets it from the history or from the buffer.
        _delivered[(int)member.Connection.Dialect] += rest == null ? batch.Count : PostLive(member, outbox, first, rest);
    }

    private int PostLive(Membership member, Outbox outbox, Delivery first, FrameBatch batch)
    {
        if (first.RecoveryRoom is not { } room) return outbox.Post(batch);
        if (!outbox.TryPost(batch, out var accepted))
            lagRecovery.Begin(room, member, outbox, first.Position with { Offset = batch.OffsetOf(0) - 1 });
        return accepted;
    }

    private void Report(ReadOnlySpan<Delivery> run)
    {
        for (var dialect = 0; dialect < _delivered.Length; dialect++) meter.CountDelivered((Dialect)dialect, _delivered[dialect]);
        Array.Clear(_delivered);
        var now = time.GetTimestamp();
        foreach (var delivery in run) meter.RecordPublishToSocket(time.GetElapsedTime(delivery.ArrivedAt, now));
    }
}
