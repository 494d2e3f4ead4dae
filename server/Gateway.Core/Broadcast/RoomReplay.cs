using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Broadcast;

/// <summary>
/// Sends a room's history to a connection, page by page. It reads a page when the outbox has space for it, so that the rest waits in the
/// history and not in the outbox.
/// </summary>
internal sealed class RoomReplay(IBackplane backplane, Room room, Membership membership, Position since, TimeProvider time)
{
    private const int PageMessages = 64;
    private const int PageBytes = 256 * 1024;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    private readonly long _from = since.Offset;
    private long _bytes;

    public Room Room => room;

    public Outbox Outbox { get; } = membership.Connection.MessageOutbox ?? membership.Connection.Outbox;

    /// <summary>The position of the last replayed message.</summary>
    public Position Position { get; private set; } = since;

    /// <summary>Why the rest cannot be replayed; <c>null</c> if it can.</summary>
    public string? Reason { get; set; }

    /// <summary>The maximum number of messages.</summary>
    public int MaxMessages { get; set; } = int.MaxValue;

    /// <summary>Whether the replay ends when the member leaves the room.</summary>
    public bool EndsWithMembership { get; init; }

    public Recovery Result => new(Replayed, Reason) { Bytes = _bytes };

    private int Replayed => (int)(Position.Offset - _from);

    private bool IsOver => !Outbox.IsOpen || (EndsWithMembership && membership.Slot < 0);

    /// <summary>Sends the messages after <see cref="Position"/> and before <paramref name="before"/>.</summary>
    /// <returns><c>false</c> if some cannot be sent (see <see cref="Reason"/>), or the connection or its membership has ended.</returns>
    /// <exception cref="BackplaneException">The backplane is unavailable.</exception>
    public async ValueTask<bool> SendAsync(long before)
    {
        while (Reason == null && Position.Offset < before - 1 && await SendPageAsync(before).ConfigureAwait(false))
        {
        }
        return Reason == null && !IsOver;
    }

    /// <summary>Waits until the outbox has space for a page, or no page is needed.</summary>
    /// <returns><c>false</c> if the connection or its membership has ended, or the history no longer has the position.</returns>
    public async ValueTask<bool> WaitForOutboxAsync()
    {
        var pause = ShortestPause;
        while (!Outbox.IsMostlyEmpty)
        {
            if (IsOver) return false;
            if (IsTrimmed()) return Fail(Recovery.HistoryTooShort);
            await Task.Delay(pause, time).ConfigureAwait(false); // the deadline sweep ends a stalled connection
            if (pause < LongestPause) pause *= 2;
        }
        return !IsOver;
    }

    /// <summary>Continues after messages that were sent another way.</summary>
    public void MoveTo(Position position) => Position = position;

    public bool Fail(string reason)
    {
        Reason = reason;
        return false;
    }

    /// <returns>Whether there may be another page.</returns>
    private async ValueTask<bool> SendPageAsync(long before)
    {
        if (room.Policy.Retention is not { } retention) return Fail(Recovery.HistoryTooShort);
        if (!await WaitForOutboxAsync().ConfigureAwait(false)) return false;
        var limits = Outbox.Limits;
        var range = new HistoryRange(Position.Offset, before, Math.Clamp(limits.Messages / 4, 1, PageMessages))
        {
            MaxBytes = (int)Math.Min(PageBytes, limits.Bytes / 4),
        };
        var page = await backplane.ReadHistoryAsync(room.Name, range, retention).ConfigureAwait(false);

        var end = Math.Min(page.Head.Offset, before - 1);
        if (page.Head.Epoch != Position.Epoch) return Fail(Recovery.EpochChanged);
        if (page.Head.Offset < Position.Offset) return Fail(Recovery.PositionUnknown);
        if (end == Position.Offset) return false;
        if (page.Messages.Count == 0 || page.Messages[0].Offset != Position.Offset + 1) return Fail(Recovery.HistoryTooShort);
        if (end - Position.Offset > MaxMessages - Replayed) return Fail(Recovery.TooMany);
        Post(page.Messages);
        return Position.Offset < end;
    }

    private bool IsTrimmed()
    {
        var head = room.Position;
        return head.Epoch == Position.Epoch && room.Policy.Retention is { } retention && head.Offset - Position.Offset > retention.Messages;
    }

    private void Post(IReadOnlyList<HistoryMessage> messages)
    {
        var deliveries = FillGaps(messages)
            .Select(m => new Delivery(m.Audience, m.Message, Position with { Offset = m.Offset }, room.Policy.OnFull, 0))
            .Where(d => d.IsFor(membership.Connection, null)).ToArray();
        if (deliveries.Length > 0) Outbox.Post(Delivery.Join(deliveries, Outbox.Format));
        Position = Position with { Offset = messages[^1].Offset };
        _bytes += messages.Sum(m => (long)m.ApproximateBytes);
    }

    /// <summary>Adds a gap notice for each unreadable entry, as the room's members got one.</summary>
    private IEnumerable<HistoryMessage> FillGaps(IReadOnlyList<HistoryMessage> messages)
    {
        var next = Position.Offset + 1;
        foreach (var message in messages)
        {
            if (message.Offset > next)
            {
                var gap = new Message("system", Payloads.Gap(room.Name, message.Offset - next, next, message.Offset - 1));
                yield return new HistoryMessage(message.Offset - 1, Audience.Room(room.Name), gap);
            }
            yield return message;
            next = message.Offset + 1;
        }
    }
}
