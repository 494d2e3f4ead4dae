using Gateway.Core.Connections;
using Gateway.Core.Wire;

namespace Gateway.WebSockets;

/// <summary>What the framework's WebSocket sees: reads pass; the whole frames that it writes take their turn in the outbox.</summary>
/// <param name="opensGate">The first frame written opens a gate of the outbox: SignalR's handshake response, which no broadcast may overtake.</param>
internal sealed class OutboxStream(Stream inner, Outbox outbox, bool opensGate) : Stream
{
    private bool _opensGate = opensGate;

    /// <summary>The framework has closed because the client broke the protocol (RFC 6455 section 7.4.1), and reads no more.</summary>
    public bool IsBroken { get; private set; }

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Whoever reads again has got something; wrapping the read to note it then would cost memory while idle. Between frames the
        // framework's
        // WebSocket waits without a buffer, as both transports ask it to: so a read with one is for the rest of a frame, or for one that
        // has come.
        outbox.NoteReading(restOfFrame: buffer.Length > 0);
        return inner.ReadAsync(buffer, cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _opensGate ? WriteFirstAsync(buffer) : WriteNextAsync(buffer);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    // The request's, and used after the framework's WebSocket is disposed of: the goodbye may be on its way, and what the client still
    // sends is read away.
    protected override void Dispose(bool disposing)
    {
    }

    private ValueTask WriteNextAsync(ReadOnlyMemory<byte> frame)
    {
        IsBroken |= WebSocketFrame.CloseCode(frame.Span) is WebSocketFrame.ProtocolError or WebSocketFrame.InvalidPayload;
        return outbox.WriteAsync(frame);
    }

    private async ValueTask WriteFirstAsync(ReadOnlyMemory<byte> frame)
    {
        _opensGate = false;
        await WriteNextAsync(frame);
        outbox.OpenGate();
    }
}
