using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.WebSockets;

/// <summary>
/// The stream below the framework's WebSocket. It counts the frames that are read, because the framework answers pings and skips empty
/// fragments itself. It queues the whole frames that are written in the outbox.
/// </summary>
/// <param name="isSignalR">Whether the first frame written releases a cork of the outbox: SignalR's handshake response, which no broadcast
/// may overtake.</param>
internal sealed class OutboxStream(
    Stream inner, Outbox outbox, bool isSignalR, FrameLimit limit, string? address, TimeSpan writeWait) : Stream
{
    private readonly bool _isSignalR = isSignalR;
    private FrameScanner _frames = new(endsRecords: isSignalR);
    private long _fullAt;
    private bool _isFlooding;
    private bool _holdsCork = isSignalR;

    /// <summary>
    /// Gets whether the framework has closed because the client violated the protocol (RFC 6455 section 7.4.1). It reads no more.
    /// </summary>
    public bool IsBroken { get; private set; }

    /// <summary>Gets whether the client has sent a close frame.</summary>
    public bool HasClientClosed => _frames.HasClose;

    /// <summary>Gets whether the framework has closed as agreed: the client has closed, or the hub has ended.</summary>
    public bool IsClosedNormally { get; private set; }

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Reading again means that something arrived; to record that in a wrapper of the read would use memory while idle. Between frames
        // the framework's WebSocket waits without a buffer, as both transports ask it to. So a read with a buffer is for the rest of a
        // frame, or for one that has arrived.
        outbox.OnReading(restOfFrame: buffer.Length > 0);
        if (_isFlooding) return EndAsync();
#pragma warning disable CA2012 // each path consumes it once
        var read = inner.ReadAsync(buffer, cancellationToken);
        if (!read.IsCompletedSuccessfully && _isSignalR) read = RecordFaultAsync(read);
        if (buffer.IsEmpty) return read; // waits for the client: hold nothing more meanwhile
        if (!read.IsCompletedSuccessfully) return CountAsync(read, buffer);
        var bytes = read.Result;
        Count(buffer.Span[..bytes]);
        return new ValueTask<int>(bytes);
#pragma warning restore CA2012
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _holdsCork ? WriteFirstAsync(buffer) : WriteNextAsync(buffer);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    // The request owns the stream and uses it after the framework's WebSocket is disposed: the close frame may still be queued, and the
    // rest of the input is drained.
#pragma warning disable CA2215 // there is nothing to dispose of
    protected override void Dispose(bool disposing)
    {
    }
#pragma warning restore CA2215

    /// <summary>Reads the close code from the close frame, because the framework does not report why it closes.</summary>
    private ValueTask WriteNextAsync(ReadOnlyMemory<byte> frame)
    {
        var code = WebSocketFrame.CloseCode(frame.Span);
        IsBroken |= code is WebSocketFrame.ProtocolError or WebSocketFrame.InvalidPayload;
        IsClosedNormally |= code == CloseReason.Normal.Code;
        if (code is 1002 or 1003 or 1007 or 1009)
            (outbox.Owner as Connection)?.TrySetEnd(new ConnectionEnd(DisconnectReason.ProtocolError));
        return outbox.WriteAsync(frame);
    }

    /// <summary>Records why a read failed, because SignalR's transport does not report it.</summary>
    private async ValueTask<int> RecordFaultAsync(ValueTask<int> read)
    {
        try
        {
            return await read;
        }
        catch (Exception fault)
        {
            outbox.Owner?.OnWriteFailed(fault);
            throw;
        }
    }

    private async ValueTask<int> CountAsync(ValueTask<int> read, Memory<byte> buffer)
    {
        var bytes = await read;
        Count(buffer.Span[..bytes]);
        return bytes;
    }

    private void Count(ReadOnlySpan<byte> bytes)
    {
        var counted = _frames.Scan(bytes);
        if (counted == 0 || limit.TryTake(ref _fullAt, counted) || _isFlooding) return;
        _isFlooding = true;
        limit.LogClosed(address);
        outbox.Close(CloseReason.Flooding);
    }

    /// <summary>Ends the input of the framework once the close frame is sent.</summary>
    private async ValueTask<int> EndAsync()
    {
        await outbox.StopAsync(writeWait);
        await LingeringClose.DrainAsync(inner);
        return 0;
    }

    private async ValueTask WriteFirstAsync(ReadOnlyMemory<byte> frame)
    {
        _holdsCork = false;
        await WriteNextAsync(frame);
        outbox.Uncork();
    }
}
