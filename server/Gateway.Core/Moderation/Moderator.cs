using Gateway.Core.Broadcast;
using Gateway.Core.Cluster;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Wire;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Moderation;

/// <summary>Mutes, bans, kicks and revokes users on all replicas, for users with the moderators' role and for servers.</summary>
/// <param name="role">The moderators' role.</param>
/// <param name="revocationLifetime">How long a revocation is kept. No token may live longer.</param>
internal sealed partial class Moderator(
    IRestrictionStore restrictions, ICluster cluster, Publisher publisher, string role, TimeSpan revocationLifetime, GatewayMeter meter,
    TimeProvider time, ILogger<Moderator> logger)
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(1);

    private long _mutedLoggedAt;

    public bool MayModerate(UserIdentity user) => user.Roles.Contains(role);

    /// <summary>Checks whether the sender is muted in a room. A direct message has no room.</summary>
    public Error? CheckMute(Connection sender, string? room)
    {
        var mute = restrictions.Find(RestrictionKind.Mute, sender.User.Id);
        if (room != null && restrictions.Find(RestrictionKind.Mute, sender.User.Id, room) is { } inRoom
            && (mute?.Until is not { } until || inRoom.Until > until)) mute = inRoom;
        if (mute == null) return null;
        var text = mute.Room == null ? "muted" : $"muted in room {mute.Room}";
        return Error.Forbidden(text) with { RetryAfter = mute.Until - time.GetUtcNow() };
    }

    /// <summary>Returns whether an opaque frame of a muted user is dropped, and counts it. The log gets one line a second.</summary>
    public bool ShouldDropFrame(Connection sender)
    {
        if (restrictions.Find(RestrictionKind.Mute, sender.User.Id) == null) return false;
        meter.CountMutedFrame();
        var now = time.GetTimestamp();
        var last = Interlocked.Read(ref _mutedLoggedAt);
        if ((last == 0 || time.GetElapsedTime(last, now) >= LogInterval)
            && Interlocked.CompareExchange(ref _mutedLoggedAt, now, last) == last)
            Log.FrameOfMuted(logger, sender.Id, sender.User.Id);
        return true;
    }

    /// <summary>Mutes a user in one room, or in all.</summary>
    /// <param name="by">The moderator, for the log.</param>
    /// <exception cref="BackplaneException">The backplane is unavailable.</exception>
    public async ValueTask<Restriction> MuteAsync(string userId, string? room, TimeSpan duration, string by)
    {
        var mute = await ImposeAsync(RestrictionKind.Mute, userId, room, duration, by).ConfigureAwait(false);
        await NotifyAsync(userId, room, ModerationPayloads.Muted(userId, room, mute.Until!.Value)).ConfigureAwait(false);
        return mute;
    }

    /// <returns>False if the user was not muted.</returns>
    /// <inheritdoc cref="MuteAsync"/>
    public async ValueTask<bool> UnmuteAsync(string userId, string? room, string by)
    {
        if (!await LiftAsync(RestrictionKind.Mute, userId, room, by).ConfigureAwait(false)) return false;
        await NotifyAsync(userId, room, ModerationPayloads.Unmuted(userId, room)).ConfigureAwait(false);
        return true;
    }

    /// <param name="duration"><c>null</c> for a ban without end.</param>
    /// <inheritdoc cref="MuteAsync"/>
    public ValueTask<Restriction> BanAsync(string userId, TimeSpan? duration, string by) =>
        ImposeAsync(RestrictionKind.Ban, userId, null, duration, by);

    /// <returns>False if the user was not banned.</returns>
    /// <inheritdoc cref="MuteAsync"/>
    public ValueTask<bool> UnbanAsync(string userId, string by) => LiftAsync(RestrictionKind.Ban, userId, null, by);

    /// <summary>Closes all connections of the user, and revokes the tokens issued until now.</summary>
    /// <inheritdoc cref="MuteAsync"/>
    public ValueTask<Restriction> RevokeAsync(string userId, string by) =>
        ImposeAsync(RestrictionKind.Revocation, userId, null, revocationLifetime, by);

    /// <summary>Removes a user, or one connection, from a room, or closes its connections. The user may come back.</summary>
    /// <returns>The number of connections.</returns>
    /// <exception cref="BackplaneException">
    /// The backplane is unavailable, or a replica that may have connections of the user did not reply.
    /// </exception>
    public async ValueTask<int> KickAsync(string? userId, string? connectionId, string? room, string by)
    {
        var kind = room == null ? ClusterQueryKind.Disconnect : ClusterQueryKind.RemoveFromRoom;
        var query = new ClusterQuery(kind) { UserId = userId, ConnectionId = connectionId, Room = room };
        var replies = await cluster.QueryAsync(query).ConfigureAwait(false);
        var affected = replies.All.Sum(static a => a.Affected.Count);
        if (affected == 0 && replies.TimedOut > 0) throw new BackplaneException("a replica did not reply");
        if (affected == 0) return 0;
        Log.Kicked(logger, by, userId, connectionId, room, affected);
        foreach (var kicked in replies.All.SelectMany(static a => a.Affected).Distinct(StringComparer.Ordinal))
            if (room != null) await NotifyAsync(kicked, room, ModerationPayloads.Kicked(kicked, room)).ConfigureAwait(false);
        return affected;
    }

    private async ValueTask<Restriction> ImposeAsync(RestrictionKind kind, string userId, string? room, TimeSpan? duration, string by)
    {
        var now = time.GetUtcNow();
        var restriction = new Restriction(kind, userId, room, now, now + duration);
        await restrictions.ImposeAsync(restriction).ConfigureAwait(false);
        Log.Imposed(logger, kind, userId, room, restriction.Until, by);
        return restriction;
    }

    private async ValueTask<bool> LiftAsync(RestrictionKind kind, string userId, string? room, string by)
    {
        if (!await restrictions.LiftAsync(kind, userId, room).ConfigureAwait(false)) return false;
        Log.Lifted(logger, kind, userId, room, by);
        return true;
    }

    /// <summary>Notifies the room, which the user is in; without a room only the user.</summary>
    private async ValueTask NotifyAsync(string userId, string? room, byte[] payload)
    {
        try
        {
            var message = new Message("system", payload) { CarriesOffset = room != null };
            await publisher.PublishAsync(room == null ? Audience.User(userId) : Audience.Room(room), message).ConfigureAwait(false);
        }
        catch (BackplaneException fault)
        {
            Log.NotNotified(logger, userId, fault.Message); // the restriction is active all the same
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Kind} of user {UserId} (room {Room}) until {Until}, by {By}")]
        public static partial void Imposed(
            ILogger logger, RestrictionKind kind, string userId, string? room, DateTimeOffset? until, string by);

        [LoggerMessage(2, LogLevel.Information, "{Kind} of user {UserId} (room {Room}) lifted by {By}")]
        public static partial void Lifted(ILogger logger, RestrictionKind kind, string userId, string? room, string by);

        [LoggerMessage(
            3, LogLevel.Information, "{By} kicked user {UserId}, connection {ConnectionId} (room {Room}): {Connections} connections")]
        public static partial void Kicked(ILogger logger, string by, string? userId, string? connectionId, string? room, int connections);

        [LoggerMessage(5, LogLevel.Information, "Frames of connection {ConnectionId} are not relayed: user {UserId} is muted")]
        public static partial void FrameOfMuted(ILogger logger, string connectionId, string userId);

        [LoggerMessage(4, LogLevel.Warning, "The restriction of user {UserId} is active, but the notification was not published: {Fault}")]
        public static partial void NotNotified(ILogger logger, string userId, string fault);
    }
}
