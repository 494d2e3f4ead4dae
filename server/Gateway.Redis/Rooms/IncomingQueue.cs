using Gateway.Core.Broadcast;
using Gateway.Core.Supervision;

namespace Gateway.Redis.Rooms;

/// <summary>
/// Passes messages from the subscriptions to the fan-out, in order. While the fan-out keeps up, each message is dispatched at once, on the
/// client library's thread. While it is behind, messages wait here, so that thread, which reads everything else too, is not blocked. The
/// queue is bounded. A message with an offset that does not fit is read from the room's history later; one without an offset is lost (at
/// most once).
/// </summary>
/// <param name="dispatch">Handles one message. Returns false if it cannot be read.</param>
internal sealed class IncomingQueue(
    IBackplaneReceiver receiver, Func<ReadOnlyMemory<byte>, bool> dispatch, SupervisedLoop loop, SubscriptionEvents events)
{
    private const long MaxBytes = 64 * 1024 * 1024;
    private const int Overhead = 128;

    // Guards the fields below.
    private readonly Lock _lock = new();
    private readonly Queue<(ReadOnlyMemory<byte> Message, Action? Callback)> _waiting = [];
    private long _bytes;
    private bool _isDraining;

    /// <summary>Accepts a message. The client library calls this for one message of a server after the other.</summary>
    /// <returns>False if the message cannot be read.</returns>
    public bool Post(ReadOnlyMemory<byte> message)
    {
        loop.BeginStep();
        return TryEnqueue(message, null) || dispatch(message);
    }

    /// <summary>Runs an action after all messages that are waiting now.</summary>
    public void Enqueue(Action action)
    {
        if (!TryEnqueue(default, action)) action();
    }

    /// <returns>False if nothing is waiting and the message can be dispatched at once.</returns>
    private bool TryEnqueue(ReadOnlyMemory<byte> message, Action? action)
    {
        lock (_lock)
        {
#pragma warning disable CA2012 // the task is neither awaited nor stored
            if (!_isDraining && receiver.WaitForCapacityAsync().IsCompleted) return false;
#pragma warning restore CA2012
            if (_bytes > MaxBytes)
            {
                events.ReportOverflow();
                return true;
            }
            _waiting.Enqueue((message, action));
            _bytes += Overhead + message.Length;
            if (_isDraining) return true;
            _isDraining = true;
        }
        _ = loop.RunAsync(DrainAsync, CancellationToken.None); // ends when the queue is empty
        return true;
    }

    /// <returns>False if the queue is empty.</returns>
    private async Task<bool> DrainAsync(CancellationToken cancel)
    {
        await receiver.WaitForCapacityAsync();
        (ReadOnlyMemory<byte> Message, Action? Callback) next;
        lock (_lock)
        {
            _isDraining = _waiting.TryDequeue(out next);
            if (!_isDraining) return false;
            _bytes -= Overhead + next.Message.Length;
        }
        if (next.Callback != null) next.Callback();
        else if (!dispatch(next.Message)) events.ReportUnreadable("The incoming queue");
        return true;
    }
}
