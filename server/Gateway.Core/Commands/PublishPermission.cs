using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;

namespace Gateway.Core.Commands;

/// <summary>Whether a client may publish in a room, and who receives its messages.</summary>
internal static class PublishPermission
{
    public static Error? Check(Connection sender, string room, RoomTable rooms) =>
        RoomName.Check(room)
        ?? (!sender.Rooms.Contains(room) ? Error.Forbidden($"not in room {room}")
            : !rooms.PolicyOf(room).ClientsPublish ? Error.Forbidden($"only the server publishes in room {room}")
            : rooms.Permissions.Check(sender.User, room, RoomAction.Publish));

    public static Audience AudienceOf(Connection sender, string room, RoomTable rooms) =>
        rooms.PolicyOf(room).Echo ? Audience.Room(room) : Audience.Room(room) with { Except = [sender.Id] };
}
