using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;

namespace Gateway.Core.Broadcast;

/// <summary>The result of a recovery.</summary>
/// <param name="Replayed">The number of replayed messages.</param>
/// <param name="Reason">Why messages are missing; <c>null</c> if all were replayed.</param>
internal sealed record Recovery(int Replayed, string? Reason)
{
    /// <summary>The approximate number of replayed bytes.</summary>
    public long Bytes { get; init; }

    internal const string EpochChanged = "epoch changed";
    internal const string HistoryTooShort = "history too short";
    internal const string TooMany = "too many";
    internal const string PositionUnknown = "position unknown";
}

/// <summary>
/// Recovers a connection from a position in a room into the live stream, without gap or duplicate. It replays the history page by page, as
/// fast as the client reads. Only for the last step the live messages are buffered.
/// </summary>
internal sealed class RoomRecovery(IBackplane backplane, int maxMessages, TimeProvider time)
{
    /// <summary>
    /// Replays and adds the member to the room. If the history is not available, the member starts at the room's current position.
    /// </summary>
    /// <exception cref="BackplaneException">The backplane is unavailable. The caller checks whether the member was added.</exception>
    public async ValueTask<Recovery> JoinAsync(Room room, Membership membership, Position since)
    {
        var replay = new RoomReplay(backplane, room, membership, since, time) { MaxMessages = maxMessages };
        await replay.SendAsync(long.MaxValue).ConfigureAwait(false);
        if (replay.Reason != null)
        {
            room.Members.Add(membership, position: () => room.Position);
            return replay.Result;
        }
        var live = membership.LiveBuffer = new LiveBuffer(replay.Outbox, buffers: true);
        var entered = Position.None;
        room.Members.Add(membership, position: () => entered = replay.Position.IsBehind(room.Position) ? room.Position : replay.Position);
        if (entered.Epoch != replay.Position.Epoch) replay.Fail(Recovery.EpochChanged);
        else await replay.SendAsync(entered.Offset + 1).ConfigureAwait(false);
        var result = replay.Result;
        await CompleteAsync(replay, live, entered).ConfigureAwait(false);
        return result;
    }

    /// <summary>Replays for a member that is already in the room, up to the position of its join.</summary>
    /// <exception cref="BackplaneException">The backplane is unavailable.</exception>
    public async ValueTask<Recovery> ReplayAsync(Room room, Membership membership, Position since)
    {
        var replay = new RoomReplay(backplane, room, membership, since, time) { MaxMessages = maxMessages };
        var until = membership.JoinPosition;
        if (until.Epoch != since.Epoch) replay.Fail(Recovery.EpochChanged);
        else await replay.SendAsync(until.Offset + 1).ConfigureAwait(false);
        return replay.Result;
    }

    /// <summary>Releases the live messages. If the buffer overflowed, the history has them.</summary>
    private static async ValueTask CompleteAsync(RoomReplay replay, LiveBuffer live, Position entered)
    {
        replay.MoveTo(entered); // earlier messages were replayed, or the reply says that they were not
        replay.Reason = null;
        replay.MaxMessages = int.MaxValue;
        if (!await LagRecovery.CatchUpAsync(replay, live).ConfigureAwait(false))
            replay.Outbox.Close(CloseReason.SlowConsumer, discardQueue: true);
    }
}
