using Gateway.Core.Wire;

namespace Gateway.Core.Presence;

/// <summary>
/// Reads presence lists and coalesces the reads. Requests that arrive during a read share the next one, so that each room has one read at a
/// time and a result is never older than its request. The list of a large room is also cached for <see cref="CacheDuration"/>.
/// </summary>
internal sealed class PresenceReader(IPresenceStore presence, TimeProvider time)
{
    /// <summary>A room with more members than this is large.</summary>
    public const int LargeRoom = 100;

    public static readonly TimeSpan CacheDuration = TimeSpan.FromSeconds(1);

    // Guarded by itself.
    private readonly Dictionary<string, Reading> _rooms = new(StringComparer.Ordinal);
    private readonly Queue<(string Room, Reading Reading, long At)> _cached = [];

    /// <inheritdoc cref="IPresenceStore.ListAsync"/>
    public Task<IReadOnlyList<PresenceMember>> ListAsync(string room)
    {
        Reading? reading;
        Task? before;
        TaskCompletionSource<IReadOnlyList<PresenceMember>> turn;
        lock (_rooms)
        {
            ForgetOldLocked();
            if (!_rooms.TryGetValue(room, out reading)) _rooms[room] = reading = new Reading();
            if (reading.Cached is { } kept) return Task.FromResult(kept);
            if (reading.Next is { } next) return next.Task;
            turn = new TaskCompletionSource<IReadOnlyList<PresenceMember>>(TaskCreationOptions.RunContinuationsAsynchronously);
            before = reading.Current?.Task;
            if (before == null) reading.Current = turn;
            else reading.Next = turn;
        }
        return ReadAsync(room, reading, turn, before);
    }

    private async Task<IReadOnlyList<PresenceMember>> ReadAsync(
        string room, Reading reading, TaskCompletionSource<IReadOnlyList<PresenceMember>> turn, Task? before)
    {
        if (before != null)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lock (_rooms) (reading.Current, reading.Next) = (turn, null);
        }
        try
        {
            var began = time.GetTimestamp();
            var list = await presence.ListAsync(room).ConfigureAwait(false);
            lock (_rooms) EndLocked(room, reading, list, began);
            turn.SetResult(list);
            return list;
        }
        catch (Exception fault)
        {
            lock (_rooms) EndLocked(room, reading, [], 0);
            turn.SetException(fault);
            _ = turn.Task.Exception; // marks the exception as observed, in case nobody shares the task
            throw;
        }
    }

    private void EndLocked(string room, Reading reading, IReadOnlyList<PresenceMember> list, long began)
    {
        reading.Current = null;
        if (list.Count > LargeRoom)
        {
            reading.Cached = list;
            _cached.Enqueue((room, reading, began));
        }
        ReleaseLocked(room, reading);
    }

    private void ForgetOldLocked()
    {
        while (_cached.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) >= CacheDuration)
        {
            _cached.Dequeue();
            oldest.Reading.Cached = null;
            ReleaseLocked(oldest.Room, oldest.Reading);
        }
    }

    private void ReleaseLocked(string room, Reading reading)
    {
        if (reading.Current == null && reading.Next == null && reading.Cached == null) _rooms.Remove(room);
    }

    /// <summary>The reads of one room. Guarded by the reader's lock.</summary>
    private sealed class Reading
    {
        public TaskCompletionSource<IReadOnlyList<PresenceMember>>? Current { get; set; }

        /// <summary>The read that starts when the current one has ended.</summary>
        public TaskCompletionSource<IReadOnlyList<PresenceMember>>? Next { get; set; }
        public IReadOnlyList<PresenceMember>? Cached { get; set; }
    }
}
