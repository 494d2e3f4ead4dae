using Gateway.Core.Messages;

namespace Gateway.Core.Connections;

/// <summary>Gets the events of an outbox. Called outside the outbox's lock, on the thread that caused the event.</summary>
internal interface IOutboxOwner
{
    /// <summary>Messages were dropped.</summary>
    /// <param name="policy">The policy that dropped them; <c>null</c> if they were waiting when the connection ended.</param>
    /// <param name="messages">The number of messages.</param>
    void OnDropped(SlowConsumerPolicy? policy, int messages);

    /// <summary>The outbox has begun to close the connection.</summary>
    void OnClosing(CloseReason reason);

    /// <summary>A write failed: the client has disconnected.</summary>
    void OnWriteFailed(Exception fault);
}
