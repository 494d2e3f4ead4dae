using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Broadcast;

/// <summary>One message on its way to this replica's receivers: encoded once per format, when the first receiver of that format is met.</summary>
internal sealed class Delivery(Audience audience, Message message, Position position, SlowConsumerPolicy policy, long arrivedAt)
{
    // Two workers may both encode a frame for the first time: the results are equal and one of them is kept.
    private readonly byte[]?[] _frames = new byte[]?[FrameFormats.Count];
    private readonly ReadOnlyMemory<byte> _payload = MessageWriter.CompletePayload(message, position);

    /// <summary>The room it goes through; <c>null</c> if it does not go through one.</summary>
    public string? Room { get; } = audience.Kind == AudienceKind.Room ? audience.Name : null;
    public IReadOnlyList<string> Except { get; } = audience.Except;
    public Position Position { get; } = position;
    public long Offset => Position.Offset;
    public SlowConsumerPolicy Policy { get; } = policy;

    /// <summary>The room whose history a member can have it from when its outbox is full; <c>null</c>: the policy decides at once.</summary>
    public Room? RecoveryRoom { get; init; }

    /// <summary>A timestamp of the time provider.</summary>
    public long ArrivedAt { get; } = arrivedAt;

    /// <summary>What is in it is between clients and handlers: no other connection gets it.</summary>
    public bool IsOpaque { get; } = message.Opcode != 0;

    public int ApproximateBytes => _payload.Length + 64;

    /// <summary>It is not for those it excludes, nor for those who entered the room after it.</summary>
    public bool IsFor(Connection connection, Membership? member) =>
        (member == null || Position.IsNone || Position.Offset > member.JoinPosition.Offset || Position.Epoch != member.JoinPosition.Epoch) && !Except.Contains(connection.Id);

    /// <summary>Can both be in one batch?</summary>
    public bool CanBatchWith(Delivery first) => Policy == first.Policy && IsOpaque == first.IsOpaque && Position.Epoch == first.Position.Epoch;

    /// <summary>Where it is posted for the connection; <c>null</c>: nowhere.</summary>
    public Outbox? OutboxOf(Connection connection) =>
        !IsOpaque ? connection.MessageOutbox : connection.Dialect == Dialect.Frames ? connection.Outbox : null;

    public byte[] Frame(FrameFormat format) => _frames[(int)format] ??= MessageWriter.Write(message, _payload, format);

    /// <summary>One batch of several messages, all of one room (or none) and under the first one's policy.</summary>
    public static FrameBatch Join(ReadOnlySpan<Delivery> run, FrameFormat format)
    {
        var first = run[0];
        if (run.Length == 1) return new FrameBatch(first.Frame(format), first.Policy, first.Room, first.Offset);
        var length = 0;
        foreach (var delivery in run) length += delivery.Frame(format).Length;
        var bytes = GC.AllocateUninitializedArray<byte>(length);
        var ends = new int[run.Length];
        var offsets = new long[run.Length];
        var end = 0;
        for (var i = 0; i < run.Length; i++)
        {
            var frame = run[i].Frame(format);
            frame.CopyTo(bytes, end);
            ends[i] = end += frame.Length;
            offsets[i] = run[i].Offset;
        }
        return new FrameBatch(bytes, ends, offsets, first.Policy, first.Room);
    }
}
