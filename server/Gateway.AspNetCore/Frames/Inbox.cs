using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.AspNetCore.Frames;

/// <summary>
/// An outbox whose messages go to a handler rather than to a socket, with the same limits and policies. Messages use the raw dialect's
/// envelope, so they are encoded once for handlers and raw clients.
/// </summary>
internal sealed class Inbox : IFrameSink, IOutboxOwner
{
    private const int Capacity = 16;

    private readonly Connection _connection;
    private readonly Channel<RoomMessage> _messages = Channel.CreateBounded<RoomMessage>(
        new BoundedChannelOptions(Capacity) { SingleWriter = true });
    private readonly Outbox _outbox;

    public Inbox(Connection connection, OutboxLimits limits, TimeProvider time)
    {
        _connection = connection;
        _outbox = new Outbox(this, limits, corks: 0, time);
        _outbox.Attach(this);
        connection.HandlerOutbox = _outbox;
    }

    public ChannelReader<RoomMessage> Messages => _messages.Reader;

    public FrameFormat Format => FrameFormat.RawWebSocket;

    public Task StopAsync(TimeSpan grace)
    {
        _messages.Writer.TryComplete(); // ends a write that waits for the handler
        return _outbox.StopAsync(grace);
    }

    public int TryWrite(ReadOnlySpan<byte> bytes) => 0;

    /// <param name="bytes">Whole frames, because <see cref="TryWrite"/> never takes a part.</param>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var frame = ReadFrame(ref bytes, out var opcode);
            // The client's outbox sends the close frame.
            if (opcode != WebSocketFrame.Text || Read(frame.Span) is not { } message) continue;
            try
            {
                await _messages.Writer.WriteAsync(message);
            }
            catch (ChannelClosedException over)
            {
                throw new IOException("The handler has returned.", over);
            }
        }
    }

    public void Complete() => _messages.Writer.TryComplete();

    public void Abort() => _messages.Writer.TryComplete();

    void IOutboxOwner.OnDropped(SlowConsumerPolicy? policy, int messages) => ((IOutboxOwner)_connection).OnDropped(policy, messages);

    void IOutboxOwner.OnClosing(CloseReason reason) => _connection.Close(reason);

    void IOutboxOwner.OnWriteFailed(Exception fault)
    {
        // The handler has returned, and the connection ends with it.
    }

    /// <summary>See <see cref="WebSocketFrame"/>.</summary>
    private static ReadOnlyMemory<byte> ReadFrame(ref ReadOnlyMemory<byte> bytes, out byte opcode)
    {
        var span = bytes.Span;
        opcode = span[0];
        var (header, length) = span[1] switch
        {
            126 => (4, BinaryPrimitives.ReadUInt16BigEndian(span[2..])),
            127 => (10, (int)BinaryPrimitives.ReadUInt64BigEndian(span[2..])),
            var small => (2, small),
        };
        var frame = bytes.Slice(header, length);
        bytes = bytes[(header + length)..];
        return frame;
    }

    /// <summary>Copies the message, because the outbox reuses the bytes.</summary>
    private static RoomMessage? Read(ReadOnlySpan<byte> frame) =>
        EnvelopeReader.Read(frame, out var envelope) == null
            ? new RoomMessage(Encoding.UTF8.GetString(envelope.Type), envelope.Payload.ToArray()) { Sender = SenderOf(frame) }
            : null;

    private static MessageSender? SenderOf(ReadOnlySpan<byte> frame)
    {
        if (frame.IndexOf("\"sender\":{"u8) < 0) return null;
        var reader = new Utf8JsonReader(frame);
        using var envelope = JsonDocument.ParseValue(ref reader);
        return envelope.RootElement.TryGetProperty("sender", out var sender)
            ? new MessageSender(sender.GetProperty("user_id").GetString()!, sender.GetProperty("username").GetString()!)
            : null;
    }
}
