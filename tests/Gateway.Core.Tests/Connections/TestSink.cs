using Gateway.Core.Connections;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Connections;

/// <summary>
/// A client's side of an outbox that takes as much as it is told to, when it is told to, and holds the outbox to the contract of
/// <see cref="IFrameSink"/>: one call at a time, none after the end.
/// </summary>
internal sealed class TestSink(FrameFormat format = FrameFormat.RawWebSocket) : IFrameSink
{
    private readonly Lock _lock = new();
    private readonly List<byte> _handed = [];
    private TaskCompletionSource? _pending;
    private ReadOnlyMemory<byte> _pendingBytes;
    private byte[] _pendingCopy = [];
    private int _pendingFrom;
    private int _calls;

    public FrameFormat Format => format;

    /// <summary>How many bytes go out without waiting.</summary>
    public long Window { get; set; } = long.MaxValue;

    /// <summary>Whether a write that waits stays waiting until <see cref="Release"/>.</summary>
    public bool Stalls { get; set; }

    public bool Fails { get; set; }

    /// <summary>Nobody may use the sink any more.</summary>
    public bool Disposed { get; set; }

    public int Completions { get; private set; }
    public int Aborts { get; private set; }
    public string? Violation { get; private set; }

    public bool IsWaiting
    {
        get { lock (_lock) return _pending != null; }
    }

    /// <summary>What the outbox let go of: what has been written, and what is being written now or was when a write failed.</summary>
    public byte[] Handed
    {
        get { lock (_lock) return [.. _handed]; }
    }

    public int HandedBytes
    {
        get { lock (_lock) return _handed.Count; }
    }

    /// <summary>What the client has.</summary>
    public byte[] Written
    {
        get { lock (_lock) return [.. _handed[..(_pending != null ? _pendingFrom : _handed.Count)]]; }
    }

    public int TryWrite(ReadOnlySpan<byte> bytes)
    {
        using var call = Begin();
        lock (_lock)
        {
            if (Fails)
            {
                _handed.AddRange(bytes);
                throw new IOException("gone");
            }
            var taken = (int)Math.Min(Window, bytes.Length);
            Window -= taken;
            _handed.AddRange(bytes[..taken]);
            return taken;
        }
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        using var call = Begin();
        lock (_lock)
        {
            _pendingFrom = _handed.Count;
            _handed.AddRange(bytes.Span);
            if (Fails) return ValueTask.FromException(new IOException("gone"));
            if (!Stalls) return default;
            _pendingBytes = bytes;
            _pendingCopy = bytes.ToArray();
            _pending = new TaskCompletionSource();
            return new ValueTask(_pending.Task);
        }
    }

    public void Complete()
    {
        using var call = Begin();
        Completions++;
    }

    public void Abort()
    {
        if (Disposed) Violation = "aborted after it was disposed";
        Aborts++;
        Fails = true;
        Finish(new IOException("aborted"));
    }

    /// <summary>Lets the write that waits go out. False if none waits.</summary>
    public bool Release() => Finish(null);

    /// <summary>Lets everything that waits go out, and whatever comes.</summary>
    public void Flow()
    {
        Stalls = false;
        Window = long.MaxValue;
        Release();
    }

    /// <summary>Lets nothing more go out.</summary>
    public void Stall()
    {
        Stalls = true;
        Window = 0;
    }

    private bool Finish(Exception? fault)
    {
        TaskCompletionSource? pending;
        lock (_lock)
        {
            (pending, _pending) = (_pending, null);
            if (pending != null && !_pendingBytes.Span.SequenceEqual(_pendingCopy))
                Violation = "bytes changed while they were being written";
        }
        if (pending == null) return false;
        if (fault == null) pending.SetResult();
        else pending.SetException(fault);
        return true;
    }

    private Call Begin()
    {
        if (Disposed) Violation = "used after it was disposed";
        if (Completions > 0) Violation = "used after it was complete";
        if (Interlocked.Increment(ref _calls) != 1 || IsWaiting) Violation = "two calls at a time";
        return new Call(this);
    }

    private readonly struct Call(TestSink sink) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref sink._calls);
    }
}
