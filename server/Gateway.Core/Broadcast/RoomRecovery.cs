using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;

namespace Gateway.Core.Broadcast;

/// <summary>What became of a wish to go on where one was.</summary>
/// <param name="Replayed">So many of the missed messages were sent again.</param>
/// <param name="Reason">Why not all were; <c>null</c> if all were.</param>
internal sealed record Recovery(int Replayed, string? Reason)
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
internal sealed class RoomRecovery(IBackplane backplane, int maxMessages, TimeProvider time)
{
    /// <summary>Enters the member, at the end of what was missed or, where that is not to be had, at the room's present end.</summary>
    /// <exception cref="BackplaneException">The backplane is away; whether the member was entered is for the caller to see.</exception>
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

    /// <summary>For a member that has entered already: replays what lies between, up to where it entered.</summary>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    public async ValueTask<Recovery> ReplayAsync(Room room, Membership membership, Position since)
    {
        var replay = new RoomReplay(backplane, room, membership, since, time) { MaxMessages = maxMessages };
        var until = membership.JoinPosition;
        if (until.Epoch != since.Epoch) replay.Fail(Recovery.EpochChanged);
        else await replay.SendAsync(until.Offset + 1).ConfigureAwait(false);
        return replay.Result;
    }

    /// <summary>Lets the member hear what is live. What came since it entered may have been too much to hold: then the history has it.</summary>
    private static async ValueTask CompleteAsync(RoomReplay replay, LiveBuffer live, Position entered)
    {
        replay.MoveTo(entered); // what lies before was sent, or the client is told that it was not
        replay.Reason = null;
        replay.MaxMessages = int.MaxValue;
        if (!await LagRecovery.CatchUpAsync(replay, live).ConfigureAwait(false)) replay.Outbox.Close(CloseReason.SlowConsumer, discardQueue: true);
    }
}
