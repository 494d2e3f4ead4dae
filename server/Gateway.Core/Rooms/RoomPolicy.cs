using Gateway.Core.Messages;

namespace Gateway.Core.Rooms;

/// <summary>The policy of a room.</summary>
/// <param name="ClientsPublish">Whether members may publish; otherwise only the server may.</param>
/// <param name="Echo">Whether a sender gets its own chat messages.</param>
/// <param name="Presence">Whether members may list one another and see each other's status.</param>
/// <param name="Announce">Whether joins and leaves are announced.</param>
/// <param name="OnFull">What happens when a member's outbox is full.</param>
/// <param name="History">How much history is kept.</param>
internal sealed record RoomPolicy(
    bool ClientsPublish, bool Echo, bool Presence, bool Announce, SlowConsumerPolicy OnFull, Retention History)
{
    /// <summary>Whether the presence store tracks the room.</summary>
    public bool HasPresence => Presence || Announce;

    /// <summary>
    /// The retention for the backplane; <c>null</c> for a room without offsets, which conflates messages and has no history.
    /// </summary>
    public Retention? Retention => OnFull == SlowConsumerPolicy.Latest && History.Messages == 0 ? null : History;
}
