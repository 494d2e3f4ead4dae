using System.Buffers;
using Gateway.Core.Wire;

namespace Gateway.Core.Connections;

/// <summary>
/// Joins the fragments of a message that the framework writes. SignalR fragments a message of more than one memory segment (about 4 kB). No
/// other message may come between fragments (RFC 6455 section 5.4), so they are written together; each is still a frame of its own.
/// </summary>
internal struct FrameworkFragments
{
    private ArrayBufferWriter<byte>? _held;

    /// <summary>
    /// Buffers a fragment and returns <c>false</c>, or prepends the buffered ones to the last fragment. Control frames pass.
    /// </summary>
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
