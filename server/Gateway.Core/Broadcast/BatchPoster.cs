using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;

namespace Gateway.Core.Broadcast;

/// <summary>Posts messages for one target to the connections of one shard, as many as possible in one batch. One thread at a time.</summary>
internal sealed class BatchPoster(int shard, FanOutLimits limits, LagRecovery lagRecovery, GatewayMeter meter, SupervisedLoop loop, TimeProvider time)
{
    private readonly FrameBatch?[] _batches = new FrameBatch?[FrameFormats.Count];
    private readonly HashSet<string> _except = new(StringComparer.Ordinal);
    private readonly int[] _delivered = new int[Dialects.All.Count];
    private Membership[] _members = new Membership[16];

    /// <param name="target">A <see cref="MemberSet"/> or a <see cref="Connection"/>.</param>
    /// <param name="deliveries">In their order.</param>
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
        members.Clear(); // hold on to nobody
    }

    /// <summary>How many of the first messages can go in one batch: one policy, one kind, one epoch, and within the bounds.</summary>
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
            if (member.Slot < 0) continue; // left meanwhile
            var connection = member.Connection;
            TryPost(connection, member, run, isForAll: member.JoinPosition.Offset < first && (_except.Count == 0 || !_except.Contains(connection.Id)));
        }
        Array.Clear(_batches);
        _except.Clear();
    }

    /// <summary>A fault of one connection is not the others'. It has missed something, so it ends: its client comes back and resumes.</summary>
    /// <param name="isForAll">All the messages are for it.</param>
    private void TryPost(Connection connection, Membership? member, ReadOnlySpan<Delivery> run, bool isForAll)
    {
        try
        {
            if (!isForAll) PostEach(connection, run, member);
            else if (run[0].OutboxOf(connection) is { } outbox) Post(member!, outbox, run[0], _batches[(int)outbox.Format] ??= Delivery.Join(run, outbox.Format));
        }
        catch (Exception fault)
        {
            loop.Report(fault);
            connection.Outbox.Abort();
        }
    }

    /// <summary>For a connection that perhaps some of the messages are not for.</summary>
    private void PostEach(Connection connection, ReadOnlySpan<Delivery> run, Membership? member)
    {
        foreach (var delivery in run)
        {
            if (!delivery.IsFor(connection, member) || delivery.OutboxOf(connection) is not { } outbox) continue;
            var batch = Delivery.Join([delivery], outbox.Format);
            if (member == null) _delivered[(int)connection.Dialect] += outbox.Post(batch);
            else Post(member, outbox, delivery, batch);
            if (member != null && member.JoinPosition.Epoch != delivery.Position.Epoch && !delivery.Position.IsNone) member.JoinPosition = Position.None; // an epoch that is over does not matter any more
        }
    }

    /// <param name="first">The batch's first message; the others have its room and its epoch.</param>
    private void Post(Membership member, Outbox outbox, Delivery first, FrameBatch batch)
    {
        var rest = batch;
        if (member.LiveBuffer is { } live && live.Take(ref rest, first.Position.Epoch ?? "")) member.LiveBuffer = null;
        // What the buffer took counts as delivered: the member has it from the history, or when it is level.
        _delivered[(int)member.Connection.Dialect] += rest == null ? batch.Count : PostLive(member, outbox, first, rest);
    }

    private int PostLive(Membership member, Outbox outbox, Delivery first, FrameBatch batch)
    {
        if (first.RecoveryRoom is not { } room) return outbox.Post(batch);
        if (!outbox.TryPost(batch, out var taken)) lagRecovery.Begin(room, member, outbox, first.Position with { Offset = batch.OffsetOf(0) - 1 });
        return taken;
    }

    private void Report(ReadOnlySpan<Delivery> run)
    {
        for (var dialect = 0; dialect < _delivered.Length; dialect++) meter.CountDelivered((Dialect)dialect, _delivered[dialect]);
        Array.Clear(_delivered);
        var now = time.GetTimestamp();
        foreach (var delivery in run) meter.RecordPublishToSocket(time.GetElapsedTime(delivery.ArrivedAt, now));
    }
}
