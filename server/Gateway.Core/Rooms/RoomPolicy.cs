using Gateway.Core.Messages;

namespace Gateway.Core.Rooms;

/// <summary>What holds in a room.</summary>
/// <param name="ClientsPublish">Whether its members may publish; otherwise only the server does.</param>
/// <param name="Echo">Whether a sender gets its own chat back.</param>
/// <param name="Presence">Whether its members may be listed and hear of one another's status.</param>
/// <param name="Announce">Whether the others hear of joins and leaves.</param>
/// <param name="OnFull">What happens when a member's outbox is full.</param>
/// <param name="History">How much of its past is kept.</param>
internal sealed record RoomPolicy(bool ClientsPublish, bool Echo, bool Presence, bool Announce, SlowConsumerPolicy OnFull, Retention History)
{
    /// <summary>Somebody may want to know who is in the room.</summary>
    public bool HasPresence => Presence || Announce;

    /// <summary>What the backplane is to do about offsets: <c>null</c> for none, where only the newest message counts and none is kept.</summary>
    public Retention? Retention => OnFull == SlowConsumerPolicy.Latest && History.Messages == 0 ? null : History;
}
