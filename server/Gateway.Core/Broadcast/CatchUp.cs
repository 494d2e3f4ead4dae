using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;

namespace Gateway.Core.Broadcast;

/// <summary>What became of a wish to go on where one was.</summary>
/// <param name="Replayed">So many of the missed messages were sent again.</param>
/// <param name="Reason">Why not all were; <c>null</c> if all were.</param>
public sealed record Recovery(int Replayed, string? Reason)
{
    /// <summary>About so many bytes were sent for it.</summary>
    public long Bytes { get; init; }

    internal const string EpochChanged = "epoch changed";
    internal const string HistoryTooShort = "history too short";
    internal const string TooMany = "too many";
    internal const string PositionUnknown = "position unknown";
}

/// <summary>
/// Takes a connection from where it was in a room into the live stream, with nothing missing in between and nothing twice. What was missed is read
/// page by page, as fast as the client takes it; only for the last step the live messages are held back.
/// </summary>
internal sealed class CatchUp(IBackplane backplane, int maxMessages, TimeProvider time)
{
    private const int PageMessages = 64;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Enters the member, at the end of what was missed or, where that is not to be had, at the room's present end.</summary>
    /// <exception cref="BackplaneException">The backplane is away; whether the member was entered is for the caller to see.</exception>
    public async ValueTask<Recovery> EnterAsync(Room room, Membership membership, Position since)
    {
        var replay = new Replay(room, membership.Connection, since);
        while (await ReplayPageAsync(replay, long.MaxValue).ConfigureAwait(false))
        {
        }
        if (replay.Reason != null)
        {
            room.Members.Add(membership, since: () => room.Position);
            return replay.Result;
        }
        var heldBack = membership.HeldBack = new HeldBack(membership.Connection);
        room.Members.Add(membership, since: () => replay.At.IsBehind(room.Position) ? room.Position : replay.At);
        if (membership.Since.Epoch != replay.At.Epoch) replay.Reason = Recovery.EpochChanged;
        while (replay.Reason == null && replay.At.Offset < membership.Since.Offset && await ReplayPageAsync(replay, membership.Since.Offset + 1).ConfigureAwait(false))
        {
        }
        heldBack.Release();
        membership.HeldBack = null;
        return replay.Result;
    }

    /// <summary>For a member that has entered already: replays what lies between, up to where it entered.</summary>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    public async ValueTask<Recovery> ReplayAsync(Room room, Membership membership, Position since)
    {
        var replay = new Replay(room, membership.Connection, since);
        var until = membership.Since;
        if (until.Epoch != since.Epoch) replay.Reason = Recovery.EpochChanged;
        while (replay.Reason == null && replay.At.Offset < until.Offset && await ReplayPageAsync(replay, until.Offset + 1).ConfigureAwait(false))
        {
        }
        return replay.Result;
    }

    /// <returns>Whether there may be another page.</returns>
    private async ValueTask<bool> ReplayPageAsync(Replay replay, long before)
    {
        if (replay.Room.Policy.Retention is not { } retention) return replay.Fail(Recovery.HistoryTooShort);
        var range = new HistoryRange(replay.At.Offset, before, PageMessages) { MaxBytes = (int)Math.Min(256 * 1024, replay.Outbox.Limits.Bytes / 4) };
        var page = await backplane.ReadAsync(replay.Room.Name, range with { Limit = Math.Min(PageMessages, Math.Max(1, replay.Outbox.Limits.Messages / 4)) }, retention).ConfigureAwait(false);

        var end = Math.Min(page.Head.Offset, before - 1);
        if (page.Head.Epoch != replay.At.Epoch) return replay.Fail(Recovery.EpochChanged);
        if (page.Head.Offset < replay.At.Offset) return replay.Fail(Recovery.PositionUnknown);
        if (end == replay.At.Offset) return false;
        if (page.Messages.Count == 0 || page.Messages[0].Offset != replay.At.Offset + 1) return replay.Fail(Recovery.HistoryTooShort);
        if (end - replay.At.Offset > maxMessages - replay.Replayed) return replay.Fail(Recovery.TooMany);

        while (!replay.Outbox.HasMuchRoom)
        {
            if (!replay.Outbox.IsOpen) return false;
            await Task.Delay(Pause, time).ConfigureAwait(false); // the deadline sweep ends a connection that takes nothing
        }
        replay.Post(page.Messages);
        return replay.At.Offset < end;
    }

    private sealed class Replay(Room room, Connection connection, Position since)
    {
        private readonly Position _since = since;
        private long _bytes;

        public Room Room { get; } = room;
        public Outbox Outbox { get; } = connection.Messages ?? connection.Outbox;

        /// <summary>The last message that was sent again.</summary>
        public Position At { get; private set; } = since;
        public string? Reason { get; set; }
        public int Replayed => (int)(At.Offset - _since.Offset);
        public Recovery Result => new(Replayed, Reason) { Bytes = _bytes };

        public bool Fail(string reason)
        {
            Reason = reason;
            return false;
        }

        public void Post(IReadOnlyList<PastMessage> messages)
        {
            var deliveries = messages.Select(m => new Delivery(m.Audience, m.Message, At with { Offset = m.Offset }, Room.Policy.OnFull, 0))
                .Where(d => d.IsFor(connection, null)).ToArray();
            if (deliveries.Length > 0) Outbox.Post(Delivery.Join(deliveries, Outbox.Format));
            At = At with { Offset = messages[^1].Offset };
            _bytes += messages.Sum(m => (long)m.ApproximateBytes);
        }
    }
}
