using Gateway.Core.Messages;

namespace Gateway.Core.Rooms;

/// <summary>What holds in a room.</summary>
/// <param name="ClientsPublish">Whether its members may publish; otherwise only the server does.</param>
/// <param name="Echo">Whether a sender gets its own chat back.</param>
/// <param name="Presence">Whether its members may be listed and hear of one another's status.</param>
/// <param name="Announce">Whether the others hear of joins and leaves.</param>
/// <param name="OnFull">What happens when a member's outbox is full.</param>
public sealed record RoomPolicy(bool ClientsPublish, bool Echo, bool Presence, bool Announce, SlowConsumerPolicy OnFull)
{
    /// <summary>Somebody may want to know who is in the room.</summary>
    public bool HasRoster => Presence || Announce;

    /// <summary>Messages are numbered, but not where only the newest counts.</summary>
    public bool HasOffsets => OnFull != SlowConsumerPolicy.Latest;
}
