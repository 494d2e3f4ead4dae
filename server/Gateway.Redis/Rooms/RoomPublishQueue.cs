using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Rooms;

/// <summary>
/// Publishes one room's messages to Redis, in order. One batch is in flight at a time; messages that arrive meanwhile form the next batch.
/// So a single message goes at once, one call carries many under load, and after a failure exactly one batch has to be sent again. Redis
/// recognizes it by its number if it was applied before.
/// </summary>
internal sealed class RoomPublishQueue(
    string room, RoomStore store, RedisConnection server, PublishQueue queue, Func<string, Position> knownPosition, SupervisedLoop loop,
    TimeProvider time)
{
    private const int BatchMessages = 64;
    private const int BatchBytes = 256 * 1024;

    // Guarded by itself.
    private readonly List<Pending> _waiting = [];
    private bool _isRunning;

    // Used only by the running task.
    private Position _lastPosition = Position.None;

    /// <summary>Whether the queue was removed from its table. Whoever still has it reads the table again.</summary>
    public bool IsClosed { get; private set; }

    /// <returns>False if the queue is closed.</returns>
    public bool TryPublish(
        Audience audience, Message message, Retention? retention, string? idempotencyKey, out Task<PublishResult> published)
    {
        var entry = new RoomStore.Entry(idempotencyKey, BackplaneFrame.WriteMessage(audience, message));
        var pending = new Pending(entry, retention, time.GetTimestamp());
        published = pending.Completion.Task;
        lock (_waiting)
        {
            if (IsClosed) return false;
            queue.IncrementWaiting();
            _waiting.Add(pending);
            if (_isRunning) return true;
            _isRunning = true;
        }
        _ = loop.RunAsync(SendNextAsync, CancellationToken.None); // ends within the timeout of the last message
        return true;
    }

    /// <returns>False if the queue is empty.</returns>
    private async Task<bool> SendNextAsync(CancellationToken cancel)
    {
        if (DequeueBatch() is not { Count: > 0 } batch) return false;
        try
        {
            await SendAsync(batch);
        }
        catch (Exception fault)
        {
            var error = fault as BackplaneException ?? new BackplaneException("the batch could not be sent", fault);
            foreach (var pending in batch) pending.Completion.TrySetException(error);
            if (fault is not BackplaneException) throw; // the supervisor counts and logs it, and the next batch follows
        }
        finally
        {
            queue.DecrementWaiting(batch.Count);
        }
        return true;
    }

    private async Task SendAsync(List<Pending> waiting)
    {
        var (batch, number) = (waiting, queue.NextBatch());
        var mayBeApplied = false;
        while (true)
        {
            // Once Redis may have applied a batch, it stays whole, because Redis recognizes it by its number. It then also fails as a
            // whole, when its oldest message times out.
            if (!mayBeApplied) batch = batch.FindAll(p => !HasExpired(p));
            if (!mayBeApplied && batch.Count < waiting.Count) FailTimedOut(waiting.FindAll(HasExpired));
            if (batch.Count == 0) return;
            if (mayBeApplied && HasExpired(batch[0]))
            {
                FailTimedOut(batch);
                return;
            }
            try
            {
                var known = knownPosition(room);
                if (_lastPosition.Epoch == known.Epoch ? _lastPosition.Offset > known.Offset : known.IsNone) known = _lastPosition;
                RoomStore.Entry[] entries = [.. batch.Select(p => p.Entry)];
                var (status, results) = await store.PublishAsync(room, batch[0].Retention, known, number, entries, Remaining(batch[0]));
                Complete(batch, status, results);
                return;
            }
            catch (BackplaneException fault)
            {
                queue.LastFault = fault;
                mayBeApplied |= fault.InnerException != null && !RedisConnection.WasNotSent(fault.InnerException);
                await server.WhenUpAsync(Remaining(batch[0]));
            }
        }
    }

    private void Complete(List<Pending> batch, RoomStore.BatchStatus status, IReadOnlyList<PublishResult> results)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            if (i < results.Count) batch[i].Completion.TrySetResult(results[i]);
            else batch[i].Completion.TrySetException(new BackplaneException(
                status == RoomStore.BatchStatus.Superseded
                    ? "Redis has applied a later batch"
                    : "Redis returned no result for the message"));
        }
        if (results.Count > 0 && !results[^1].Position.IsNone) _lastPosition = results[^1].Position;
    }

    private void FailTimedOut(List<Pending> timedOut)
    {
        var failed = timedOut.Count(p =>
            p.Completion.TrySetException(new BackplaneException("Redis did not accept the message in time", queue.LastFault)));
        if (failed > 0) queue.ReportTimedOut(room, failed);
    }

    private bool HasExpired(Pending pending) => Remaining(pending) <= TimeSpan.Zero;

    private TimeSpan Remaining(Pending pending) => queue.Timeout - time.GetElapsedTime(pending.EnqueuedAt);

    /// <summary>Dequeues the next batch. If it is empty, the queue is closed.</summary>
    private List<Pending> DequeueBatch()
    {
        lock (_waiting)
        {
            var (count, bytes) = (0, 0);
            while (count < _waiting.Count && count < BatchMessages
                && (count == 0 || bytes + _waiting[count].Entry.Frame.Length <= BatchBytes)
                && _waiting[count].Retention == _waiting[0].Retention)
                bytes += _waiting[count++].Entry.Frame.Length;
            var batch = _waiting.GetRange(0, count);
            _waiting.RemoveRange(0, count);
            if (count > 0) return batch;
            _isRunning = false;
            IsClosed = true;
            queue.Remove(room, this);
            return batch;
        }
    }

    private sealed class Pending(RoomStore.Entry entry, Retention? retention, long enqueuedAt)
    {
        public RoomStore.Entry Entry => entry;
        public Retention? Retention => retention;
        public long EnqueuedAt => enqueuedAt;
        public TaskCompletionSource<PublishResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
