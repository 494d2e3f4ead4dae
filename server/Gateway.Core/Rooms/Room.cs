using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Rooms;

/// <summary>A room on this replica: its local members and its last position.</summary>
internal sealed class Room(string name, RoomPolicy policy, int shards)
{
    private readonly Lock _lock = new();
    private Position _position = Position.None;

    public string Name { get; } = name;
    public RoomPolicy Policy { get; } = policy;

    /// <summary>The reference count. Guarded by the table's lock.</summary>
    internal int References { get; set; }

    internal MemberSet Members { get; } = new(shards);

    /// <summary>The number of connections of this replica in the room.</summary>
    public int MemberCount => Members.Count;

    /// <summary>The position of the last delivered message, or of the subscription.</summary>
    public Position Position
    {
        get { lock (_lock) return _position; }
    }

    /// <summary>Returns whether a member whose outbox is full can get this message later, from the history.</summary>
    internal bool CanRecover(SlowConsumerPolicy onFull, Position position) =>
        onFull == SlowConsumerPolicy.Disconnect && Policy.History.Messages > 0 && position is { IsNone: false, Offset: > 0 };

    internal void Advance(Position position)
    {
        if (position.IsNone) return;
        lock (_lock)
            if (position.Epoch != _position.Epoch || position.Offset > _position.Offset)
                _position = position;
    }
}
