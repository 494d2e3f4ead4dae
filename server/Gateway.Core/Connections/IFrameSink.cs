using Gateway.Core.Wire;

namespace Gateway.Core.Connections;

/// <summary>
/// The way from an outbox to the client. The outbox makes one call at a time and the next one only when the last has completed.
/// </summary>
internal interface IFrameSink
{
    FrameFormat Format { get; }

    /// <summary>Writes what goes out without waiting and returns how many bytes that were: 0 if it would have to wait.</summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    int TryWrite(ReadOnlySpan<byte> bytes);

    /// <summary>Writes all of it, waiting as long as it takes.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>The last bytes have been written: the outbox will not call again.</summary>
    void Complete();

    /// <summary>Ends the connection without a word, and fails the write under way. May be called at any time, and again, until the outbox has stopped.</summary>
    void Abort();
}
