using Gateway.Core.Connections;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Connections;

/// <summary>Takes random parts at once and the rest later, on other threads, as a socket does; and sees who breaks the contract.</summary>
internal sealed class StressSink(int seed, long failAfterBytes) : IFrameSink
{
    private readonly Random _random = new(seed); // the outbox makes one call at a time
    private readonly List<byte> _handed = [];
    private volatile bool _aborted;
    private int _inUse;
    private string? _violation;

    public FrameFormat Format => FrameFormat.RawWebSocket;

    public volatile bool Disposed;

    public string? Violation => Volatile.Read(ref _violation);

    public int Completions { get; private set; }

    /// <summary>To be read when nobody writes any more.</summary>
    public byte[] Handed => [.. _handed];

    public int TryWrite(ReadOnlySpan<byte> bytes)
    {
        Enter();
        try
        {
            ThrowIfGone();
            var taken = _random.Next(3) switch { 0 => 0, 1 => _random.Next(bytes.Length + 1), _ => bytes.Length };
            _handed.AddRange(bytes[..taken]);
            return taken;
        }
        finally
        {
            Leave();
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        Enter();
        try
        {
            ThrowIfGone();
            // Mostly a moment, now and then a client that is away for a while.
            for (var yields = _random.Next(100) == 0 ? 2000 : _random.Next(4); yields > 0; yields--) await Task.Yield();
            ThrowIfGone();
            _handed.AddRange(bytes.Span);
        }
        finally
        {
            Leave();
        }
    }

    public void Complete() => Completions++;

    public void Abort()
    {
        if (Disposed) Blame("aborted after it was disposed");
        _aborted = true;
    }

    private void ThrowIfGone()
    {
        if (_aborted || _handed.Count > failAfterBytes) throw new IOException("gone");
    }

    private void Enter()
    {
        if (Disposed) Blame("used after it was disposed");
        if (Completions > 0) Blame("used after it was complete");
        if (Interlocked.Exchange(ref _inUse, 1) == 1) Blame("two calls at a time");
    }

    private void Leave() => Volatile.Write(ref _inUse, 0);

    private void Blame(string violation) => Interlocked.CompareExchange(ref _violation, violation, null);
}
