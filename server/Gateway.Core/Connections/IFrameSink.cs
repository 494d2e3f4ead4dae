using Gateway.Core.Wire;

namespace Gateway.Core.Connections;

/// <summary>
/// Writes the frames of an outbox to the client. The outbox makes one call at a time, and waits for each to complete.
/// </summary>
internal interface IFrameSink
{
    FrameFormat Format { get; }

    /// <summary>Writes as much as possible without waiting. Returns the number of bytes written; 0 if it would have to wait.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    int TryWrite(ReadOnlySpan<byte> bytes);

    /// <summary>Writes all bytes, and waits as long as necessary.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Called after the last write. The outbox makes no further calls.</summary>
    void Complete();

    /// <summary>
    /// Aborts the connection and fails a running write. May be called at any time, and repeatedly, until the outbox has stopped.
    /// </summary>
    void Abort();
}
