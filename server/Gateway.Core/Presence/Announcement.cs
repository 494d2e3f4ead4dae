using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Presence;

/// <summary>
/// The announcements to a room's members: joins, leaves and statuses. They go to the current members. They have no offset and no history,
/// so that nobody can push messages out of a room's history with them.
/// </summary>
internal static class Announcement
{
    /// <param name="own">The user's own connections, which do not get it.</param>
    public static (Audience Audience, Message Message) Join(string room, PresenceMember who, IReadOnlyList<string> own) =>
        (Audience.Room(room) with { Except = own }, Event("join", room, who));

    public static (Audience Audience, Message Message) Leave(string room, PresenceMember who) =>
        (Audience.Room(room), Event("leave", room, who));

    /// <param name="own">The connection that set the status, which does not get it.</param>
    public static (Audience Audience, Message Message) Status(string room, UserIdentity user, string status, string own) =>
        (Audience.Room(room) with { Except = [own] }, new Message("presence", PresencePayloads.Status(room, user.Id, user.Name, status)));

    /// <summary>Tells members that joins and leaves may be missing. A client that keeps a list requests it again.</summary>
    public static (Audience Audience, Message Message) Reset(string room) =>
        (Audience.Room(room), new Message("system", Payloads.System("presence_reset", room)));

    private static Message Event(string name, string room, PresenceMember who) =>
        new("system", Payloads.System(name, room, who.UserId, who.Username));
}
