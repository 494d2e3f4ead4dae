using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Connections;

/// <summary>The end of an outbox: a close frame after the waiting frames, or an abort.</summary>
internal sealed partial class Outbox
{
    /// <summary>
    /// Queues a close frame, after the waiting frames or instead of them, and accepts nothing more. The first call wins. Frames in a corked
    /// outbox are always discarded: a client without a welcome gets only the close frame.
    /// </summary>
    public void Close(CloseReason reason, bool discardQueue = false)
    {
        int dropped;
        bool start;
        lock (_queue)
        {
            if (_phase != Phase.Open) return;
            dropped = BeginCloseLocked(reason, discardQueue);
            start = !_writing;
            _writing = true;
        }
        if (start) StartDrain();
        if (dropped > 0) _owner?.OnDropped(null, dropped);
        _owner?.OnClosing(reason);
    }

    /// <summary>Aborts the connection: discards the waiting frames and writes nothing more.</summary>
    public void Abort()
    {
        Fail(new IOException("the connection was aborted"));
        lock (_queue)
        {
            if (_stopped is { Task.IsCompleted: true }) return; // the stream below may already be disposed
            _aborting++;
        }
        try
        {
            _sink.Abort();
        }
        finally
        {
            lock (_queue)
            {
                _aborting--;
                CompleteStopLocked();
            }
        }
    }

    /// <summary>
    /// Stops the outbox after the client has disconnected or sent a close frame: discards the waiting frames, and finishes writing a close
    /// frame of ours. Completes when the sink is not used any more, so that the stream below may be disposed.
    /// </summary>
    public async Task StopAsync(TimeSpan grace)
    {
        Fail(new IOException("the connection ended"), keepCloseFrame: true);
        Task stopped;
        lock (_queue)
        {
            _stopped ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            CompleteStopLocked();
            stopped = _stopped.Task;
        }
        try
        {
            await stopped.WaitAsync(grace, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Abort();
            await stopped.ConfigureAwait(false);
        }
    }

    /// <summary>Returns whether a write, or closing, has taken longer than <paramref name="writeWait"/>.</summary>
    public bool IsOverdue(TimeSpan writeWait)
    {
        var waitingSince = Volatile.Read(ref _waitingSince);
        var closingSince = Volatile.Read(ref _closingSince);
        return (waitingSince != 0 && _time.GetElapsedTime(waitingSince) > writeWait)
            || (closingSince != 0 && _time.GetElapsedTime(closingSince) > writeWait);
    }

    /// <returns>The number of discarded frames: those of a corked outbox.</returns>
    private int EnterClosingLocked()
    {
        _phase = Phase.Closing;
        Volatile.Write(ref _closingSince, _time.GetTimestamp());
        if (_corks == 0) return 0;
        _corks = 0;
        return DiscardLocked(null);
    }

    /// <returns>The number of discarded frames.</returns>
    private int BeginCloseLocked(CloseReason reason, bool discardQueue)
    {
        var dropped = EnterClosingLocked();
        if (discardQueue) dropped += DiscardLocked(null);
        _queue.AddLast(new FrameBatch(CloseWriter.Write(reason, Format)), 1);
        return dropped;
    }

    /// <param name="fault">
    /// The fault of the framework's waiting frame; <c>null</c> to complete it, because a close frame replaces it.
    /// </param>
    private int DiscardLocked(Exception? fault)
    {
        if (!_frameworkInFlight) _framework?.End(fault);
        return _queue.Clear();
    }

    private void Fail(Exception fault, bool keepCloseFrame = false)
    {
        int dropped;
        lock (_queue)
        {
            if (keepCloseFrame && _phase != Phase.Open) return;
            _phase = Phase.Closed;
            _corks = 0;
            dropped = DiscardLocked(new IOException("the connection is gone", fault));
        }
        if (dropped > 0) _owner?.OnDropped(null, dropped);
    }
}
