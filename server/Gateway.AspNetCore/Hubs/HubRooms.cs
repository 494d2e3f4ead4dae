namespace Gateway.AspNetCore.Hubs;

/// <summary>The rooms of a hub's domain: one for each group, of any name, and one for all connections.</summary>
internal static class HubRooms
{
    private const char Escape = '\0';

    /// <summary>The room of all connections. No group has this room.</summary>
    public const string Everyone = "\0all";

    /// <summary>Returns the room of a group: its name, unless that looks like a room of the domain itself.</summary>
    public static string Of(string group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return group.StartsWith(Escape) ? Escape + group : group;
    }
}
