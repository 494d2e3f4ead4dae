using System.Diagnostics.Metrics;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Broadcast;

/// <summary>
/// Members whose outbox is full, in rooms with a history and the policy <c>disconnect</c>. Such a member is not closed: it stops hearing the live stream and is
/// given the room's history at its own pace, until it is level with the stream. It is closed as a slow consumer when the history moves past it. So a burst, or
/// what the gateway itself sends after an outage, costs a healthy client nothing, and a client that stalls holds no more than its outbox.
/// </summary>
internal sealed partial class LagRecovery(IBackplane backplane, GatewayMeter meter, Supervisor supervisor, TimeProvider time, ILogger<LagRecovery> logger)
{
    private static readonly TimeSpan PauseWhileAway = TimeSpan.FromMilliseconds(250);

    private readonly SupervisedLoop _loop = supervisor.Loop("lag_recovery");
    private readonly Counter<long> _begun = meter.Counter("gateway_lagging_total", "Members that fell behind the live stream of a room and went on from its history.");
    private readonly Counter<long> _caughtUp = meter.Counter("gateway_lagging_caught_up_total", "Of these, members that caught up with the live stream.");

    /// <summary>Takes the member out of the live stream until it has caught up. Returns at once.</summary>
    /// <param name="reached">The last message that was posted to the member, or that was not for it.</param>
    internal void Begin(Room room, Membership membership, Outbox outbox, Position reached)
    {
        _begun.Add(1);
        var live = membership.LiveBuffer = new LiveBuffer(outbox, buffers: false);
        var replay = new RoomReplay(backplane, room, membership, reached, time) { EndsWithMembership = true };
        _ = RecoverAsync(replay, membership, live); // ends with the connection, or when the member is level or hopelessly behind
    }

    /// <summary>Goes on from the history until the held live messages follow on without a hole.</summary>
    /// <returns>False if that cannot be, for the replay's reason, or the connection is over.</returns>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    internal static async ValueTask<bool> CatchUpAsync(RoomReplay replay, LiveBuffer live)
    {
        while (true)
        {
            if (!await replay.WaitForOutboxAsync().ConfigureAwait(false)) return false;
            var reached = replay.Position;
            var isLevel = live.TryRelease(ref reached);
            replay.MoveTo(reached);
            if (isLevel) return true;
            if (!await replay.SendAsync(long.MaxValue).ConfigureAwait(false)) return false;
            live.StartBuffering();
            var head = replay.Room.Position; // the buffer has discarded nothing after it
            if (head.Epoch != replay.Position.Epoch) return replay.Fail(Recovery.EpochChanged);
            try
            {
                if (!await replay.SendAsync(head.Offset + 1).ConfigureAwait(false)) return false;
            }
            catch (BackplaneException)
            {
                live.Discard(); // what is held does not follow on
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
                    Log.TooFarBehind(logger, membership.Connection.Id, replay.Room.Name, replay.Reason ?? "the connection is over");
                    replay.Outbox.Close(CloseReason.SlowConsumer, discardQueue: true);
                    return;
                }
                catch (BackplaneException)
                {
                    await Task.Delay(PauseWhileAway, time).ConfigureAwait(false); // the history is still there afterwards, or the epoch has changed
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

        [LoggerMessage(2, LogLevel.Error, "Connection {ConnectionId} could not be brought up to date in room {Room} and is closed")]
        public static partial void Failed(ILogger logger, string connectionId, string room);
    }
}
