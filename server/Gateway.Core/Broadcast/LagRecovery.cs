using System.Diagnostics.Metrics;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Broadcast;

/// <summary>
/// Recovers members whose outbox is full, in rooms with history and the policy <c>disconnect</c>. Such a member is not closed. It leaves
/// the live stream and gets the room's history at its own pace, until it has caught up. It is closed as a slow consumer when the history no
/// longer has its position. So a burst, or a replay after an outage, does not disconnect a healthy client, and a stalled client takes no
/// more memory than its outbox.
/// </summary>
internal sealed partial class LagRecovery(
    IBackplane backplane, GatewayMeter meter, Supervisor supervisor, TimeProvider time, ILogger<LagRecovery> logger)
{
    private static readonly TimeSpan PauseWhileAway = TimeSpan.FromMilliseconds(250);

    private readonly SupervisedLoop _loop = supervisor.Loop("lag_recovery");
    private readonly Counter<long> _begun = meter.Counter(
        "gateway_lagging_total", "Members that fell behind the live stream of a room and went on from its history.");
    private readonly Counter<long> _caughtUp = meter.Counter(
        "gateway_lagging_caught_up_total", "Of these, members that caught up with the live stream.");

    /// <summary>Removes a member from the live stream until it has caught up. Returns at once.</summary>
    /// <param name="reached">The last message that was posted to the member, or that was not for it.</param>
    internal void Begin(Room room, Membership membership, Outbox outbox, Position reached)
    {
        _begun.Add(1);
        var live = membership.LiveBuffer = new LiveBuffer(outbox, buffers: false);
        var replay = new RoomReplay(backplane, room, membership, reached, time) { EndsWithMembership = true };
        _ = RecoverAsync(replay, membership, live); // ends with the connection, or when the member has caught up or cannot
    }

    /// <summary>Replays the history until the buffered live messages follow without a gap.</summary>
    /// <returns><c>false</c> if that is impossible (see the replay's reason), or the connection has ended.</returns>
    /// <exception cref="BackplaneException">The backplane is unavailable.</exception>
    internal static async ValueTask<bool> CatchUpAsync(RoomReplay replay, LiveBuffer live)
    {
        while (true)
        {
            if (!await replay.WaitForOutboxAsync().ConfigureAwait(false)) return false;
            var reached = replay.Position;
            var caughtUp = live.TryRelease(ref reached);
            replay.MoveTo(reached);
            if (caughtUp) return true;
            if (!await replay.SendAsync(long.MaxValue).ConfigureAwait(false)) return false;
            live.StartBuffering();
            var head = replay.Room.Position; // the buffer has everything after it
            if (head.Epoch != replay.Position.Epoch) return replay.Fail(Recovery.EpochChanged);
            try
            {
                if (!await replay.SendAsync(head.Offset + 1).ConfigureAwait(false)) return false;
            }
            catch (BackplaneException)
            {
                live.Discard(); // the buffered messages do not follow without a gap
                throw;
            }
        }
    }

    private async Task RecoverAsync(RoomReplay replay, Membership membership, LiveBuffer live)
    {
        try
        {
            _loop.BeginStep();
            while (membership.Slot >= 0 && replay.Outbox.IsOpen)
            {
                try
                {
                    if (await CatchUpAsync(replay, live).ConfigureAwait(false))
                    {
                        _caughtUp.Add(1);
                        return;
                    }
                    if (membership.Slot < 0) return;
                    Log.TooFarBehind(logger, membership.Connection.Id, replay.Room.Name, replay.Reason ?? "the connection has ended");
                    replay.Outbox.Close(CloseReason.SlowConsumer, discardQueue: true);
                    return;
                }
                catch (BackplaneException)
                {
                    // Afterwards the history is still there, or the epoch has changed.
                    await Task.Delay(PauseWhileAway, time).ConfigureAwait(false);
                }
            }
        }
        catch (Exception fault)
        {
            _loop.Report(fault);
            Log.Failed(logger, membership.Connection.Id, replay.Room.Name);
            membership.Connection.Close(CloseReason.Internal);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Connection {ConnectionId} cannot catch up in room {Room}: {Reason}")]
        public static partial void TooFarBehind(ILogger logger, string connectionId, string room, string reason);

        [LoggerMessage(2, LogLevel.Error, "Closing connection {ConnectionId}: its recovery in room {Room} failed")]
        public static partial void Failed(ILogger logger, string connectionId, string room);
    }
}
