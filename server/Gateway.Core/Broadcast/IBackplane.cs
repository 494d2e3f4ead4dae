using Gateway.Core.Messages;

namespace Gateway.Core.Broadcast;

/// <summary>
/// Connects the replicas. A published message comes back to every replica that subscribes to its audience, including the publishing one, in
/// one order per room. Local clients have no other path.
/// </summary>
public interface IBackplane
{
    /// <summary>Whether there may be other replicas. If not, the gateway subscribes only to rooms.</summary>
    bool CrossesReplicas { get; }

    /// <summary>Starts delivery to <paramref name="receiver"/>. Called once, before any other method.</summary>
    void Start(IBackplaneReceiver receiver);

    /// <summary>Subscribes to an audience. Everything published after the task completes is delivered.</summary>
    /// <param name="audience">The audience. Its <see cref="Audience.Except"/> is ignored.</param>
    /// <param name="retention">The retention of a room with offsets; otherwise <c>null</c>.</param>
    /// <returns>The position after which the room's messages are delivered; <see cref="Position.None"/> without offsets.</returns>
    /// <exception cref="BackplaneException">The backplane is unavailable.</exception>
    ValueTask<Position> SubscribeAsync(Audience audience, Retention? retention = null);

    /// <summary>Ends the subscription to an audience.</summary>
    ValueTask UnsubscribeAsync(Audience audience);

    /// <summary>Publishes a message. Messages of one caller to one room keep their order.</summary>
    /// <param name="audience">The receivers.</param>
    /// <param name="message">The message.</param>
    /// <param name="retention">If given, the message gets the room's next offset and is kept this long.</param>
    /// <param name="idempotencyKey">
    /// If given, a message with the same key is not published again for some time; the first result is returned.
    /// </param>
    /// <param name="cancel">Cancels the wait, not necessarily the publication.</param>
    /// <exception cref="BackplaneException">
    /// The backplane is unavailable: the message was not published, or it is not known whether it was.
    /// </exception>
    ValueTask<PublishResult> PublishAsync(
        Audience audience, Message message, Retention? retention = null, string? idempotencyKey = null, CancellationToken cancel = default);

    /// <summary>Publishes to the current members of a room, without an offset or history, and at most once.</summary>
    /// <exception cref="BackplaneException">The backplane is unavailable.</exception>
    async ValueTask AnnounceAsync(Audience room, Message message) => await PublishAsync(room, message).ConfigureAwait(false);

    /// <summary>Publishes to all connections of a user. Override it if <see cref="PublishResult.Receivers"/> counts replicas.</summary>
    /// <returns>The number of connections.</returns>
    /// <exception cref="BackplaneException">The backplane is unavailable, or no replica with connections of the user replied.</exception>
    async ValueTask<long> PublishToUserAsync(string userId, Message message, CancellationToken cancel = default) =>
        (await PublishAsync(Audience.User(userId), message, cancel: cancel).ConfigureAwait(false)).Receivers;

    /// <summary>Reads the history of a room with offsets.</summary>
    /// <exception cref="BackplaneException">The backplane is unavailable.</exception>
    ValueTask<HistoryPage> ReadHistoryAsync(string room, HistoryRange range, Retention retention, CancellationToken cancel = default);

    /// <summary>Returns whether any replica subscribes to the audience.</summary>
    /// <exception cref="BackplaneException">The backplane is unavailable.</exception>
    ValueTask<bool> HasSubscribersAsync(Audience audience);

    /// <summary>
    /// Sends a command to the replica that has the connection, and waits for its outcome. The result of a client has no time limit; it ends
    /// with the client's connection, or with <paramref name="cancel"/>.
    /// </summary>
    /// <exception cref="BackplaneException">The backplane is unavailable.</exception>
    ValueTask<RemoteResult> SendCommandAsync(RemoteCommand command, CancellationToken cancel = default);
}

/// <summary>Receives what the backplane delivers to this replica.</summary>
public interface IBackplaneReceiver
{
    /// <summary>Queues a message for its local receivers without waiting. Calls for one room must not overlap.</summary>
    /// <returns>The number of local receivers.</returns>
    int Deliver(Audience audience, Message message, Position position);

    /// <summary>Waits until the fan-out has capacity. Call it between messages.</summary>
    ValueTask WaitForCapacityAsync();

    /// <summary>
    /// Waits until the outboxes of the room's members have capacity, at most a quarter of a second. Call it between pages of a room's
    /// history, so that no healthy client falls behind.
    /// </summary>
    ValueTask WaitForRoomCapacityAsync(string room);

    /// <summary>Tells the room's members that presence announcements may be missing.</summary>
    void OnAnnouncementsLost(string room)
    {
    }

    /// <summary>Executes a command of another replica.</summary>
    ValueTask<RemoteResult> ExecuteAsync(RemoteCommand command);
}

/// <summary>The result of a publication.</summary>
/// <param name="Position">The message's position in the room; <see cref="Position.None"/> without offsets.</param>
/// <param name="Receivers">0 if nobody was there; otherwise connections or replicas, as the backplane counts.</param>
public readonly record struct PublishResult(Position Position, long Receivers);

/// <summary>The backplane did not accept a message, a query or a subscription.</summary>
public sealed class BackplaneException(string message, Exception? inner = null) : Exception(message, inner);
