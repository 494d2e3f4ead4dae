using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Rooms;

/// <summary>
/// One room's messages on their way to Redis, in their order. One batch is under way at any time; what comes meanwhile makes the next one. So alone a message goes at
/// once, under load a call carries many, and after a failure it is clear what has to be sent again: one batch, which Redis knows by its number if it had taken it.
/// </summary>
internal sealed class RoomPublishQueue(string room, RoomStore store, RedisConnection server, PublishQueue queue, Func<string, Position> reached, SupervisedLoop loop,
    TimeProvider time)
{
    private const int BatchMessages = 64;
    private const int BatchBytes = 256 * 1024;

    // Guarded by itself.
    private readonly List<Pending> _waiting = [];
    private bool _running;

    // Used only by the one run.
    private Position _taken = Position.None;

    /// <summary>It is out of the table: whoever still holds it asks the table again.</summary>
    public bool HasEnded { get; private set; }

    /// <returns>False if the lane has ended.</returns>
    public bool TryPublish(Audience audience, Message message, Retention? retention, string? idempotencyKey, out Task<PublishResult> published)
    {
        var pending = new Pending(new RoomStore.Entry(idempotencyKey, BackplaneFrame.WriteMessage(audience, message)), retention, time.GetTimestamp());
        published = pending.Done.Task;
        lock (_waiting)
        {
            if (HasEnded) return false;
            queue.Enter();
            _waiting.Add(pending);
            if (_running) return true;
            _running = true;
        }
        _ = loop.RunAsync(SendNextAsync, CancellationToken.None); // ends within the time limit of the last message in it; each message's task tells of its fate
        return true;
    }

    /// <returns>False if nothing waits any more.</returns>
    private async Task<bool> SendNextAsync(CancellationToken cancel)
    {
        if (TakeBatch() is not { Count: > 0 } batch) return false;
        try
        {
            await SendAsync(batch);
        }
        catch (Exception fault)
        {
            foreach (var pending in batch) pending.Done.TrySetException(fault as BackplaneException ?? new BackplaneException("the batch could not be sent", fault));
            if (fault is not BackplaneException) throw; // the supervisor counts and logs it, and the next batch follows
        }
        finally
        {
            queue.Leave(batch.Count);
        }
        return true;
    }

    private async Task SendAsync(List<Pending> waiting)
    {
        var (batch, number) = (waiting, queue.NextBatch());
        var maybeTaken = false;
        while (true)
        {
            // Once Redis may have taken a batch, it stays whole: Redis knows it by its number. It is then given up as a whole too, when the oldest message has waited long enough.
            if (!maybeTaken) batch = batch.FindAll(p => !HasExpired(p));
            if (!maybeTaken && batch.Count < waiting.Count) FailLate(waiting.FindAll(HasExpired));
            if (batch.Count == 0) return;
            if (maybeTaken && HasExpired(batch[0]))
            {
                FailLate(batch);
                return;
            }
            try
            {
                var known = reached(room);
                if (_taken.Epoch == known.Epoch ? _taken.Offset > known.Offset : known.IsNone) known = _taken;
                var (taken, results) = await store.PublishAsync(room, batch[0].Retention, known, number, [.. batch.Select(p => p.Entry)], Remaining(batch[0]));
                Settle(batch, taken, results);
                return;
            }
            catch (BackplaneException fault)
            {
                queue.LastFault = fault;
                maybeTaken |= fault.InnerException != null && !RedisConnection.IsUnsent(fault.InnerException);
                await server.WhenUpAsync(Remaining(batch[0]));
            }
        }
    }

    private void Settle(List<Pending> batch, RoomStore.Taken taken, IReadOnlyList<PublishResult> results)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            if (i < results.Count) batch[i].Done.TrySetResult(results[i]);
            else batch[i].Done.TrySetException(new BackplaneException(taken == RoomStore.Taken.TooLate ? "Redis: another batch went ahead" : "Redis: no result for the message"));
        }
        if (results.Count > 0 && !results[^1].Position.IsNone) _taken = results[^1].Position;
    }

    private void FailLate(List<Pending> late)
    {
        var told = late.Count(p => p.Done.TrySetException(new BackplaneException("Redis was away for too long", queue.LastFault)));
        if (told > 0) queue.ReportLate(room, told);
    }

    private bool HasExpired(Pending pending) => Remaining(pending) <= TimeSpan.Zero;

    private TimeSpan Remaining(Pending pending) => queue.Limit - time.GetElapsedTime(pending.Since);

    /// <summary>What waits, as far as it goes into one call; nothing: the run is over.</summary>
    private List<Pending> TakeBatch()
    {
        lock (_waiting)
        {
            var (count, bytes) = (0, 0);
            while (count < _waiting.Count && count < BatchMessages && (count == 0 || bytes + _waiting[count].Entry.Frame.Length <= BatchBytes) && _waiting[count].Retention == _waiting[0].Retention)
                bytes += _waiting[count++].Entry.Frame.Length;
            var batch = _waiting.GetRange(0, count);
            _waiting.RemoveRange(0, count);
            if (count > 0) return batch;
            _running = false;
            HasEnded = true;
            queue.Remove(room, this);
            return batch;
        }
    }

    private sealed class Pending(RoomStore.Entry entry, Retention? retention, long since)
    {
        public RoomStore.Entry Entry => entry;
        public Retention? Retention => retention;
        public long Since => since;
        public TaskCompletionSource<PublishResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
