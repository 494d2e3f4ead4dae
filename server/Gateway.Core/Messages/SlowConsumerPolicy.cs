namespace Gateway.Core.Messages;

/// <summary>What the gateway does with a message when a connection's outbox is full.</summary>
public enum SlowConsumerPolicy : byte
{
    /// <summary>Closes the connection with 1008 <c>slow consumer</c>.</summary>
    Disconnect = 0,

    /// <summary>Drops the oldest waiting message of the same room.</summary>
    DropOldest = 1,

    /// <summary>Drops the new message.</summary>
    DropNewest = 2,

    /// <summary>Keeps only the newest waiting message of the room (conflation), even when the outbox is not full.</summary>
    Latest = 3,
}
