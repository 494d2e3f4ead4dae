namespace Gateway.Client.Conversations;

/// <summary>A room that the application has asked to be in.</summary>
internal sealed class WantedRoom(Room room)
{
    public Room Room => room;

    /// <summary>Completes when the room is entered for the first time; fails if it cannot be.</summary>
    public TaskCompletionSource<RoomPosition> First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool WasIn { get; private set; }

    public void Enter()
    {
        WasIn = true;
        First.TrySetResult(new RoomPosition(room.Name, room.Position?.Epoch, room.Position?.Offset));
    }
}
