using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;

namespace Gateway.Core.Commands;

/// <summary>The parts of one domain that every command can use.</summary>
internal sealed class CommandServices(DomainName domain, Publisher publisher, RoomTable rooms, Moderator moderator)
{
    public string Domain => domain.Value;
    public Publisher Publisher => publisher;
    public RoomTable Rooms => rooms;
    public Moderator Moderator => moderator;
}
