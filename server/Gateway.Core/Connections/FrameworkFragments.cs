using System.Buffers;
using Gateway.Core.Wire;

namespace Gateway.Core.Connections;

/// <summary>
/// Puts together what the framework writes in fragments, as SignalR does with a message of more than one memory segment (about 4 kB): between
/// the fragments of a message no other message may stand (RFC 6455 section 5.4), so they go out in one piece, each still a frame of its own.
/// </summary>
internal struct FrameworkFragments
{
    private ArrayBufferWriter<byte>? _held;

    /// <summary>Adds what was held back to the frame that ends it. False: the frame is held back, more fragments follow. Control frames pass.</summary>
    public bool TryComplete(ref ReadOnlyMemory<byte> frame)
    {
        if (frame.IsEmpty || WebSocketFrame.IsControl(frame.Span)) return true;
        var isFinal = WebSocketFrame.IsFinal(frame.Span);
        if (isFinal && _held == null) return true;
        _held ??= new ArrayBufferWriter<byte>(2 * frame.Length);
        _held.Write(frame.Span);
        if (!isFinal) return false;
        frame = _held.WrittenMemory;
        _held = null;
        return true;
    }
}
