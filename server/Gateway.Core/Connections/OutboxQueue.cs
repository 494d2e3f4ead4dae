using Gateway.Core.Messages;

namespace Gateway.Core.Connections;

/// <summary>
/// The frames that wait for one connection, and the gaps where frames were dropped. Not thread-safe: the outbox's lock guards it.
/// A gap is exactly where the missing frames were, so the client gets the notice in order.
/// </summary>
internal sealed class OutboxQueue(OutboxLimits limits)
{
    private const int SmallestRing = 8;

    private OutboxItem[]? _ring; // null while empty, to save memory; the length is a power of two
    private int _head;

    /// <summary>The number of frames, without gaps.</summary>
    public int Messages { get; private set; }

    /// <summary>The size of the frames in bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>The number of batches, gaps and frames of the framework.</summary>
    public int Items { get; private set; }

    public bool IsEmpty => Items == 0;

    public OutboxLimits Limits => limits;

    public ref OutboxItem Peek() => ref At(0);

    /// <summary>
    /// Adds a batch under its policy. <paramref name="dropped"/> counts the dropped frames, of this batch and older ones.
    /// </summary>
    /// <returns>The number of accepted frames, or -1 if the policy requires to close the connection.</returns>
    public int Add(FrameBatch batch, out int dropped)
    {
        dropped = 0;
        return batch.Policy switch
        {
            null or SlowConsumerPolicy.Disconnect => AddAll(batch),
            SlowConsumerPolicy.DropNewest => AddDroppingNewest(batch, ref dropped),
            SlowConsumerPolicy.DropOldest => AddDroppingOldest(batch, ref dropped),
            _ => AddLatest(batch, ref dropped),
        };
    }

    public void AddFirst(FrameBatch batch) => Insert(0, new OutboxItem(batch, 0, batch.Count));

    /// <summary>Adds an item without checking the limits.</summary>
    public void AddLast(object content, int frames) => Insert(Items, new OutboxItem(content, 0, frames));

    /// <summary>Removes frames from the first item, and the item with its last frame.</summary>
    public void Take(int frames)
    {
        ref var first = ref At(0);
        if (first.Content is FrameBatch batch) Uncount(batch, first.From, first.From + frames);
        first.From += frames;
        if (first.From >= first.To) RemoveAt(0);
    }

    /// <summary>Clears the queue, and returns the number of frames.</summary>
    public int Clear()
    {
        var messages = Messages;
        (_ring, _head, Items, Messages, Bytes) = (null, 0, 0, 0, 0);
        return messages;
    }

    private int AddAll(FrameBatch batch)
    {
        if (!Fits(batch, 0, batch.Count)) return -1;
        Insert(Items, new OutboxItem(batch, 0, batch.Count));
        return batch.Count;
    }

    private int AddDroppingNewest(FrameBatch batch, ref int dropped)
    {
        var fitting = batch.Count;
        while (fitting > 0 && !Fits(batch, 0, fitting)) fitting--;
        if (fitting > 0) Insert(Items, new OutboxItem(batch, 0, fitting));
        for (var frame = fitting; frame < batch.Count; frame++) AddGap(batch, frame);
        dropped = batch.Count - fitting;
        return fitting;
    }

    private int AddDroppingOldest(FrameBatch batch, ref int dropped)
    {
        var first = 0;
        while (first < batch.Count && !Fits(batch, first, batch.Count))
        {
            if (!DropOldest(batch.Room)) AddGap(batch, first++);
            dropped++;
        }
        if (first < batch.Count) Insert(Items, new OutboxItem(batch, first, batch.Count));
        return batch.Count - first;
    }

    private int AddLatest(FrameBatch batch, ref int dropped)
    {
        dropped = batch.Count - 1;
        for (var i = 0; i < Items; i++)
        {
            ref var item = ref At(i);
            if (item.Content is not FrameBatch { Policy: SlowConsumerPolicy.Latest } waiting || waiting.Room != batch.Room) continue;
            dropped += item.To - item.From;
            Uncount(waiting, item.From, item.To);
            RemoveAt(i--);
        }
        if (!Fits(batch, batch.Count - 1, batch.Count))
        {
            dropped++;
            return 0;
        }
        Insert(Items, new OutboxItem(batch, batch.Count - 1, batch.Count));
        return 1;
    }

    private bool Fits(FrameBatch batch, int from, int to) =>
        Messages + (to - from) <= limits.Messages && Bytes + batch.Length(from, to) <= limits.Bytes;

    /// <summary>Replaces the room's oldest waiting frame with a gap.</summary>
    private bool DropOldest(string? room)
    {
        OutboxGap? before = null;
        for (var i = 0; i < Items; i++)
        {
            ref var item = ref At(i);
            if (item.Content is OutboxGap gap && gap.Room == room) before = gap;
            if (item.Content is not FrameBatch batch || batch.Room != room) continue;
            if (batch.Policy != SlowConsumerPolicy.DropOldest)
            {
                before = null; // the client gets this frame, so the gap ends here
                continue;
            }
            var offset = batch.OffsetOf(item.From);
            Uncount(batch, item.From, item.From + 1);
            item.From++;
            if (item.From == item.To)
            {
                RemoveAt(i);
                if (TakeGapAfter(i, room) is { } after)
                {
                    if (before == null) Insert(i, new OutboxItem(before = after, 0, 0));
                    else before.Add(after);
                }
            }
            if (before != null) before.Add(offset);
            else Insert(i, new OutboxItem(new OutboxGap(room, offset), 0, 0));
            return true;
        }
        return false;
    }

    /// <summary>
    /// Removes the room's next gap if no frame of the room is before it, so that gaps do not accumulate while nothing is read.
    /// </summary>
    private OutboxGap? TakeGapAfter(int index, string? room)
    {
        for (var i = index; i < Items; i++)
        {
            var content = At(i).Content;
            if (content is FrameBatch batch && batch.Room == room) return null;
            if (content is not OutboxGap gap || gap.Room != room) continue;
            RemoveAt(i);
            return gap;
        }
        return null;
    }

    /// <summary>Adds a missing frame to the room's last gap, or adds a gap if a frame of the room follows it.</summary>
    private void AddGap(FrameBatch batch, int frame)
    {
        for (var i = Items - 1; i >= 0; i--)
        {
            ref var item = ref At(i);
            if (item.Content is OutboxGap gap && gap.Room == batch.Room)
            {
                gap.Add(batch.OffsetOf(frame));
                return;
            }
            if (item.Content is FrameBatch other && other.Room == batch.Room) break;
        }
        Insert(Items, new OutboxItem(new OutboxGap(batch.Room, batch.OffsetOf(frame)), 0, 0));
    }

    private void Uncount(FrameBatch batch, int from, int to)
    {
        Messages -= to - from;
        Bytes -= batch.Length(from, to);
    }

    private ref OutboxItem At(int index) => ref _ring![(_head + index) & (_ring.Length - 1)];

    private void Insert(int index, OutboxItem item)
    {
        if (_ring == null || Items == _ring.Length) Grow();
        for (var i = Items; i > index; i--) At(i) = At(i - 1);
        At(index) = item;
        Items++;
        if (item.Content is not FrameBatch batch) return;
        Messages += item.To - item.From;
        Bytes += batch.Length(item.From, item.To);
    }

    private void RemoveAt(int index)
    {
        if (index == 0)
        {
            At(0) = default;
            _head = (_head + 1) & (_ring!.Length - 1);
        }
        else
        {
            for (var i = index; i < Items - 1; i++) At(i) = At(i + 1);
            At(Items - 1) = default;
        }
        if (--Items == 0) _ring = null;
    }

    private void Grow()
    {
        var larger = new OutboxItem[_ring == null ? SmallestRing : _ring.Length * 2];
        for (var i = 0; i < Items; i++) larger[i] = At(i);
        _ring = larger;
        _head = 0;
    }
}

/// <summary>
/// The frames <see cref="From"/> up to <see cref="To"/> of a <see cref="FrameBatch"/>, an <see cref="OutboxGap"/>, or a frame of the
/// framework.
/// </summary>
internal struct OutboxItem(object content, int from, int to)
{
    public readonly object Content = content;
    public int From = from;
    public readonly int To = to;
}

/// <summary>Dropped frames of one room.</summary>
internal sealed class OutboxGap(string? room, long offset)
{
    public string? Room { get; } = room;
    public long Missed { get; private set; } = 1;

    /// <summary>The offset of the first dropped message that has one; 0 if none has.</summary>
    public long From { get; private set; } = offset;
    public long To { get; private set; } = offset;

    public void Add(long offset)
    {
        Missed++;
        Extend(offset, offset);
    }

    public void Add(OutboxGap other)
    {
        Missed += other.Missed;
        Extend(other.From, other.To);
    }

    /// <summary>Extends the range of offsets. An announcement has no offset.</summary>
    private void Extend(long from, long to)
    {
        if (from == 0) return;
        From = From == 0 ? from : Math.Min(From, from);
        To = Math.Max(To, to);
    }
}
