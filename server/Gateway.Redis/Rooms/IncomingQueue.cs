using Gateway.Core.Broadcast;
using Gateway.Core.Supervision;

namespace Gateway.Redis.Rooms;

/// <summary>
/// What the subscriptions bring, on its way to the fan-out, in its order. While the fan-out keeps up, each message is taken at once, on the client library's
/// thread. While it is behind, they wait here, and that thread, which brings everything else too, does not. Bounded: what does not fit is left out, which the
/// room's feed notices and reads from the history; what has no offset is lost, as "at most once" allows.
/// </summary>
/// <param name="take">Handles one message. False: it cannot be read.</param>
internal sealed class IncomingQueue(IBackplaneReceiver receiver, Func<ReadOnlyMemory<byte>, bool> take, SupervisedLoop loop, SubscriptionEvents events)
{
    private const long MaxBytes = 64 * 1024 * 1024;
    private const int Overhead = 128;

    // Guards what follows.
    private readonly Lock _lock = new();
    private readonly Queue<(ReadOnlyMemory<byte> Message, Action? Work)> _waiting = [];
    private long _bytes;
    private bool _draining;

    /// <summary>Called by the client library, for one message of a server after the other.</summary>
    /// <returns>False if the message cannot be read.</returns>
    public bool Post(ReadOnlyMemory<byte> message)
    {
        loop.BeginStep();
        return TryWait(message, null) || take(message);
    }

    /// <summary>Does something after all that waits now.</summary>
    public void Run(Action work)
    {
        if (!TryWait(default, work)) work();
    }

    /// <returns>False if nothing waits, and it can be taken at once.</returns>
    private bool TryWait(ReadOnlyMemory<byte> message, Action? work)
    {
        lock (_lock)
        {
#pragma warning disable CA2012 // it is not awaited, and not kept
            if (!_draining && receiver.WaitForCapacityAsync().IsCompleted) return false;
#pragma warning restore CA2012
            if (_bytes > MaxBytes)
            {
                events.ReportOverflow();
                return true;
            }
            _waiting.Enqueue((message, work));
            _bytes += Overhead + message.Length;
            if (_draining) return true;
            _draining = true;
        }
        _ = loop.RunAsync(DrainAsync, CancellationToken.None); // ends when nothing waits
        return true;
    }

    /// <returns>False if nothing waits any more.</returns>
    private async Task<bool> DrainAsync(CancellationToken cancel)
    {
        await receiver.WaitForCapacityAsync();
        (ReadOnlyMemory<byte> Message, Action? Work) next;
        lock (_lock)
        {
            _draining = _waiting.TryDequeue(out next);
            if (!_draining) return false;
            _bytes -= Overhead + next.Message.Length;
        }
        if (next.Work != null) next.Work();
        else if (!take(next.Message)) events.ReportUnreadable("a message that waited");
        return true;
    }
}
