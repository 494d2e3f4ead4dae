using Gateway.Core.Messages;

namespace Gateway.Core.Connections;

/// <summary>
/// Frames of one format in one block of memory, shared by all receivers. An outbox may write or drop each frame on its own.
/// </summary>
internal sealed class FrameBatch
{
    private readonly int[]? _ends;
    private readonly long[]? _offsets;
    private readonly long _offset;

    /// <summary>Creates a batch of one frame.</summary>
    /// <param name="policy">The policy of a full outbox; <c>null</c> for a reply, which is never dropped.</param>
    /// <param name="room">The room, or <c>null</c>.</param>
    /// <param name="offset">The offset in the room, or 0.</param>
    public FrameBatch(ReadOnlyMemory<byte> frame, SlowConsumerPolicy? policy = null, string? room = null, long offset = 0)
    {
        Bytes = frame;
        Policy = policy;
        Room = room;
        Count = 1;
        _offset = offset;
    }

    /// <summary>Creates a batch of several frames, one after the other in <paramref name="bytes"/>.</summary>
    /// <param name="ends">Where each frame ends.</param>
    /// <param name="offsets">The offset of each in the room, or <c>null</c>.</param>
    public FrameBatch(ReadOnlyMemory<byte> bytes, int[] ends, long[]? offsets, SlowConsumerPolicy? policy, string? room)
    {
        Bytes = bytes;
        Policy = policy;
        Room = room;
        Count = ends.Length;
        _ends = ends;
        _offsets = offsets;
    }

    public ReadOnlyMemory<byte> Bytes { get; }
    public int Count { get; }
    public SlowConsumerPolicy? Policy { get; }
    public string? Room { get; }

    public long OffsetOf(int frame) => _offsets != null ? _offsets[frame] : _offset;

    /// <summary>Returns the bytes of the frames from <paramref name="from"/> (inclusive) to <paramref name="to"/> (exclusive).</summary>
    public ReadOnlyMemory<byte> Slice(int from, int to) => Bytes[Start(from)..End(to - 1)];

    /// <summary>Returns the batch without the frames before <paramref name="first"/>.</summary>
    public FrameBatch From(int first)
    {
        var start = Start(first);
        return new FrameBatch(Bytes[start..], [.. _ends![first..].Select(end => end - start)], _offsets?[first..], Policy, Room);
    }

    public int Length(int from, int to) => End(to - 1) - Start(from);

    private int Start(int frame) => frame == 0 ? 0 : _ends![frame - 1];

    private int End(int frame) => _ends != null ? _ends[frame] : Bytes.Length;
}
