using System.Threading.Tasks.Sources;

namespace Gateway.Core.Connections;

/// <summary>
/// A frame that the framework writes (a pong, a close frame, a hub method's result), queued in the outbox. The framework's WebSocket sends
/// one frame at a time and awaits it. So one reused object per connection is enough, and the bytes need no copy.
/// </summary>
internal sealed class FrameworkWrite : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _done = new() { RunContinuationsAsynchronously = true };

    public ReadOnlyMemory<byte> Frame { get; private set; }

    public bool IsPending { get; private set; }

    public ValueTask Begin(ReadOnlyMemory<byte> frame)
    {
        _done.Reset();
        Frame = frame;
        IsPending = true;
        return new ValueTask(this, _done.Version);
    }

    public void End(Exception? fault)
    {
        if (!IsPending) return;
        IsPending = false;
        Frame = default;
        if (fault == null) _done.SetResult(true);
        else _done.SetException(fault);
    }

    void IValueTaskSource.GetResult(short token) => _done.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _done.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _done.OnCompleted(continuation, state, token, flags);
}
