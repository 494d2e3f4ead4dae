using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;

namespace Gateway.Core.Broadcast;

/// <summary>
/// Publishes messages of clients and of server code through the backplane. Only a message to a local connection goes directly to the
/// fan-out, so that it arrives even if the backplane is unavailable.
/// </summary>
internal sealed class Publisher(IBackplane backplane, RoomTable rooms, ConnectionTable connections, FanOut fanOut)
{
    /// <param name="idempotencyKey">See <see cref="IBackplane.PublishAsync"/>; for rooms only.</param>
    /// <exception cref="BackplaneException">The backplane is unavailable.</exception>
    public ValueTask<PublishResult> PublishAsync(
        Audience audience, Message message, string? idempotencyKey = null, CancellationToken cancel = default) =>
        audience.Kind == AudienceKind.Connection && connections.Find(audience.Name) != null
            ? DeliverHereAsync(audience, message)
            : backplane.PublishAsync(audience, message, RetentionOf(audience), idempotencyKey, cancel);

    /// <inheritdoc cref="IBackplane.AnnounceAsync"/>
    public ValueTask AnnounceAsync(Audience room, Message message) => backplane.AnnounceAsync(room, message);

    /// <returns>The number of connections of the user that got it, on all replicas.</returns>
    /// <exception cref="BackplaneException">The backplane is unavailable.</exception>
    public ValueTask<long> PublishToUserAsync(string userId, Message message, CancellationToken cancel = default) =>
        backplane.PublishToUserAsync(userId, message, cancel);

    /// <summary>Returns whether the room has members, on any replica.</summary>
    /// <exception cref="BackplaneException">The backplane is unavailable.</exception>
    public ValueTask<bool> HasMembersAsync(string room) => backplane.HasSubscribersAsync(Audience.Room(room));

    private Retention? RetentionOf(Audience audience) =>
        audience.Kind == AudienceKind.Room ? rooms.PolicyOf(audience.Name).Retention : null;

    private async ValueTask<PublishResult> DeliverHereAsync(Audience audience, Message message)
    {
        var receivers = fanOut.Deliver(audience, message, Position.None);
        await fanOut.WaitForCapacityAsync().ConfigureAwait(false);
        return new PublishResult(Position.None, receivers);
    }
}
