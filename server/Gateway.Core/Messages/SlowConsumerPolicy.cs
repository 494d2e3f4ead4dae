namespace Gateway.Core.Messages;

/// <summary>What happens to a message for which a connection's outbox has no room.</summary>
public enum SlowConsumerPolicy : byte
{
    /// <summary>The connection is closed as a slow consumer.</summary>
    Disconnect = 0,

    /// <summary>The oldest waiting message of the same room makes way.</summary>
    DropOldest = 1,

    /// <summary>The new message is left out.</summary>
    DropNewest = 2,

    /// <summary>Only the newest message of the room waits, full or not.</summary>
    Latest = 3,
}
