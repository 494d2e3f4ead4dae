using System.Collections.Concurrent;
using Gateway.Core.Connections;

namespace Gateway.Core.Rooms;

/// <summary>The rooms that have members on this replica.</summary>
internal sealed class RoomTable(RoomPolicies policies, int shards)
{
    private readonly ConcurrentDictionary<string, Room> _rooms = new(StringComparer.Ordinal);

    public int Count => _rooms.Count;

    public RoomPermissions Permissions => policies.Permissions;

    public RoomPolicy PolicyOf(string name) => _rooms.TryGetValue(name, out var room) ? room.Policy : policies.For(name);

    /// <summary>Returns whether policy and permissions let the user publish in the room. Mutes are not checked.</summary>
    internal bool MayPublish(UserIdentity user, string room) =>
        PolicyOf(room).ClientsPublish && Permissions.Check(user, room, RoomAction.Publish) == null;

    public Room? Find(string name) => _rooms.GetValueOrDefault(name);

    public IReadOnlyCollection<Room> Snapshot() => [.. _rooms.Values];

    /// <summary>Gets or creates a room for a member or a joiner. Each call needs one <see cref="Release"/>.</summary>
    internal Room Acquire(string name)
    {
        lock (_rooms)
        {
            var room = _rooms.GetOrAdd(name, n => new Room(n, policies.For(n), shards));
            room.References++;
            return room;
        }
    }

    internal void Release(Room room)
    {
        lock (_rooms)
            if (--room.References == 0)
                _rooms.TryRemove(room.Name, out _);
    }
}
