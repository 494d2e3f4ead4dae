using Gateway.Core.Connections;

namespace Gateway.WebSockets;

/// <summary>What the framework's WebSocket sees: reads pass; the whole frames that it writes take their turn in the outbox.</summary>
/// <param name="opensGate">The first frame written opens a gate of the outbox: SignalR's handshake response, which no broadcast may overtake.</param>
internal sealed class OutboxStream(Stream inner, Outbox outbox, bool opensGate) : Stream
{
    private bool _opensGate = opensGate;

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        outbox.NoteReceived(); // whoever reads again has got something; wrapping the read to note it then would cost memory while idle
        return inner.ReadAsync(buffer, cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _opensGate ? WriteFirstAsync(buffer) : outbox.WriteAsync(buffer);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
    }

    private async ValueTask WriteFirstAsync(ReadOnlyMemory<byte> frame)
    {
        _opensGate = false;
        await outbox.WriteAsync(frame);
        outbox.OpenGate();
    }
}
