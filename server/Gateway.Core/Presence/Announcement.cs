using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Presence;

/// <summary>
/// What a room's members are told of one another: who joins, who leaves, and what a user says it is up to. Announcements go to whoever is there now. They have no
/// offset and are not kept, so that nobody can push out of a room's history what was said there.
/// </summary>
internal static class Announcement
{
    /// <param name="own">The user's own connections: they are not told.</param>
    public static (Audience Audience, Message Message) Join(string room, PresenceMember who, IReadOnlyList<string> own) =>
        (Audience.Room(room) with { Except = own }, Event("join", room, who));

    public static (Audience Audience, Message Message) Leave(string room, PresenceMember who) => (Audience.Room(room), Event("leave", room, who));

    /// <param name="own">The connection that said it: it is not told.</param>
    public static (Audience Audience, Message Message) Status(string room, UserIdentity user, string status, string own) =>
        (Audience.Room(room) with { Except = [own] }, new Message("presence", PresencePayloads.Status(room, user.Id, user.Name, status)));

    /// <summary>Joins and leaves may have been missed: whoever keeps a list asks for it again.</summary>
    public static (Audience Audience, Message Message) Reset(string room) => (Audience.Room(room), new Message("system", Payloads.System("presence_reset", room)));

    private static Message Event(string name, string room, PresenceMember who) =>
        new("system", Payloads.System(name, room, who.UserId, who.Username));
}
