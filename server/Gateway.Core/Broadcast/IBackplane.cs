using Gateway.Core.Messages;

namespace Gateway.Core.Broadcast;

/// <summary>
/// Joins the replicas. Whatever is published comes back to every replica that subscribed to its audience, the publishing one included,
/// in one order per room; there is no second path for local clients.
/// </summary>
public interface IBackplane
{
    /// <summary>Are there other replicas behind it? If not, only rooms are subscribed to.</summary>
    bool CrossesReplicas { get; }

    /// <summary>To be called once, before anything else.</summary>
    void Start(IBackplaneReceiver receiver);

    /// <summary>Completes when whatever is published to the audience from now on will arrive. Its exclusions do not matter.</summary>
    /// <param name="retention">Of a room whose messages have offsets; otherwise <c>null</c>.</param>
    /// <returns>For such a room: the position after which its messages will come.</returns>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    ValueTask<Position> SubscribeAsync(Audience audience, Retention? retention = null);

    ValueTask UnsubscribeAsync(Audience audience);

    /// <summary>Completes when the backplane has taken the message. What one caller publishes into a room keeps its order.</summary>
    /// <param name="retention">Given: the message gets the room's next offset, and is kept for so long.</param>
    /// <param name="idempotencyKey">Given: a message that was taken into the room under the same key is not taken again for a time; the answer is the first one's.</param>
    /// <exception cref="BackplaneException">The backplane is away: the message was not taken, or it is not known whether it was.</exception>
    ValueTask<PublishResult> PublishAsync(Audience audience, Message message, Retention? retention = null, string? idempotencyKey = null, CancellationToken cancel = default);

    /// <summary>Tells the members of a room that are there now: without an offset, not kept, and at most once.</summary>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    async ValueTask AnnounceAsync(Audience room, Message message) => await PublishAsync(room, message).ConfigureAwait(false);

    /// <summary>To all connections of one user.</summary>
    /// <returns>How many they are. A backplane that hears of its receivers as connections has nothing to add.</returns>
    /// <exception cref="BackplaneException">The backplane is away, or none of the replicas that had the user has answered.</exception>
    async ValueTask<long> PublishToUserAsync(string userId, Message message, CancellationToken cancel = default) =>
        (await PublishAsync(Audience.User(userId), message, cancel: cancel).ConfigureAwait(false)).Receivers;

    /// <summary>Reads from the past of a room with offsets.</summary>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    ValueTask<HistoryPage> ReadHistoryAsync(string room, HistoryRange range, Retention retention, CancellationToken cancel = default);

    /// <summary>Is anyone subscribed to the audience, on any replica?</summary>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    ValueTask<bool> HasSubscribersAsync(Audience audience);

    /// <summary>Asks the replica that has the connection to enter it into a room, or to take it out.</summary>
    /// <returns>
    /// <c>null</c> if it did; <see cref="Error.NoSuchConnection"/> if none has it; otherwise why the one that has it refused.
    /// </returns>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    ValueTask<Error?> InstructAsync(RemoteCommand command, CancellationToken cancel = default);
}

/// <summary>Where a replica takes what the backplane brings.</summary>
public interface IBackplaneReceiver
{
    /// <summary>Queues a message for its local receivers, and returns how many they are. Never waits. Calls for one room come one after the other.</summary>
    int Deliver(Audience audience, Message message, Position position);

    /// <summary>Completes when the fan-out has caught up enough to take more: whoever brings messages waits here between them.</summary>
    ValueTask WaitForCapacityAsync();

    /// <summary>
    /// Completes when the room's members have room for more of its messages, or after a quarter of a second: whoever brings a room's past at once waits here between pages,
    /// so that no healthy client falls behind.
    /// </summary>
    ValueTask WaitForRoomCapacityAsync(string room);

    /// <summary>What was announced in the room lately may not have come here: its members are told that what they know of one another is no longer sure.</summary>
    void OnAnnouncementsLost(string room)
    {
    }

    /// <summary>Carries out what another replica asked for.</summary>
    /// <returns>See <see cref="IBackplane.InstructAsync"/>.</returns>
    ValueTask<Error?> CarryOutAsync(RemoteCommand command);
}

/// <summary>What became of a published message.</summary>
/// <param name="Position">Its place in the room, if it has one.</param>
/// <param name="Receivers">0 if nobody was there to get it; otherwise connections or replicas, as the backplane counts.</param>
public readonly record struct PublishResult(Position Position, long Receivers);

/// <summary>Enter a connection into a room, or take it out.</summary>
public sealed record RemoteCommand(string ConnectionId, string Room, bool Enter);

/// <summary>The backplane did not take a message or a subscription.</summary>
public sealed class BackplaneException(string message, Exception? inner = null) : Exception(message, inner);
