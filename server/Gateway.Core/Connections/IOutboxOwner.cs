using Gateway.Core.Messages;

namespace Gateway.Core.Connections;

/// <summary>Whoever an outbox belongs to hears what became of it. Called outside the outbox's lock, on the thread that caused it.</summary>
internal interface IOutboxOwner
{
    /// <param name="policy">What dropped them; <c>null</c>: they were waiting when the connection ended.</param>
    void OnDropped(SlowConsumerPolicy? policy, int messages);

    /// <summary>The outbox has begun to say goodbye, for a reason of its own or somebody else's.</summary>
    void OnClosing(CloseReason reason);

    /// <summary>A write failed: the client is gone.</summary>
    void OnWriteFailed(Exception fault);
}
