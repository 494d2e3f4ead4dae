using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Presence;

/// <summary>What a room's members are told when a user joins or leaves.</summary>
internal static class Announcement
{
    /// <param name="own">The user's own connections: they are not told.</param>
    public static (Audience Audience, Message Message) Join(string room, PresentMember who, IReadOnlyList<string> own) =>
        (Audience.Room(room) with { Except = own }, Event("join", room, who));

    public static (Audience Audience, Message Message) Leave(string room, PresentMember who) => (Audience.Room(room), Event("leave", room, who));

    private static Message Event(string name, string room, PresentMember who) =>
        new("system", Payloads.System(name, room, who.UserId, who.Username)) { CarriesOffset = true };
}
