using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;

namespace Gateway.Core.Broadcast;

/// <summary>
/// The one way for a message to its audience, for clients' commands and server code alike: through the backplane. Only what is for one
/// connection of this replica goes straight to the fan-out: no other replica has a part in it, so it arrives whatever the backplane does.
/// </summary>
internal sealed class Publisher(IBackplane backplane, RoomTable rooms, ConnectionTable connections, FanOut fanOut)
{
    /// <param name="idempotencyKey">See <see cref="IBackplane.PublishAsync"/>; for rooms only.</param>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    public ValueTask<PublishResult> PublishAsync(Audience audience, Message message, string? idempotencyKey = null, CancellationToken cancel = default) =>
        audience.Kind == AudienceKind.Connection && connections.Find(audience.Name) != null
            ? DeliverHereAsync(audience, message)
            : backplane.PublishAsync(audience, message, RetentionOf(audience), idempotencyKey, cancel);

    /// <inheritdoc cref="IBackplane.AnnounceAsync"/>
    public ValueTask AnnounceAsync(Audience room, Message message) => backplane.AnnounceAsync(room, message);

    /// <returns>How many connections of the user it was handed to, on all replicas.</returns>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    public ValueTask<long> PublishToUserAsync(string userId, Message message, CancellationToken cancel = default) => backplane.PublishToUserAsync(userId, message, cancel);

    /// <summary>Is anyone in the room, on any replica?</summary>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
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
