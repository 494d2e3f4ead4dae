using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Broadcast;

/// <summary>A message for this replica's receivers. It is encoded once per format, for the first receiver of that format.</summary>
internal sealed class Delivery(Audience audience, Message message, Position position, SlowConsumerPolicy policy, long arrivedAt)
{
    // Two workers may encode the same frame at the same time. The results are equal, and one of them is kept.
    private readonly byte[]?[] _frames = new byte[]?[FrameFormats.Count];
    private readonly ReadOnlyMemory<byte> _payload = MessageWriter.CompletePayload(message, position);

    /// <summary>The room; <c>null</c> for another audience.</summary>
    public string? Room { get; } = audience.Kind == AudienceKind.Room ? audience.Name : null;
    public IReadOnlyList<string> Except { get; } = audience.Except;
    public Position Position { get; } = position;
    public long Offset => Position.Offset;
    public SlowConsumerPolicy Policy { get; } = policy;

    /// <summary>
    /// The room from whose history a member with a full outbox gets the message; <c>null</c> to apply the policy at once.
    /// </summary>
    public Room? RecoveryRoom { get; init; }

    /// <summary>A timestamp of the time provider.</summary>
    public long ArrivedAt { get; } = arrivedAt;

    /// <summary>Whether the message is opaque. Only connections of handlers get it.</summary>
    public bool IsOpaque { get; } = message.Opcode != 0;

    public int ApproximateBytes => _payload.Length + 64;

    /// <summary>Returns whether the connection gets the message: it is not excluded, and joined the room before it.</summary>
    public bool IsFor(Connection connection, Membership? member) =>
        (member == null || Position.IsNone || Position.Offset > member.JoinPosition.Offset || Position.Epoch != member.JoinPosition.Epoch)
        && !Except.Contains(connection.Id);

    /// <summary>Returns whether both messages can be in one batch.</summary>
    public bool CanBatchWith(Delivery first) =>
        Policy == first.Policy && IsOpaque == first.IsOpaque && Position.Epoch == first.Position.Epoch;

    /// <summary>Returns the outbox to post to; <c>null</c> for none.</summary>
    public Outbox? OutboxOf(Connection connection) =>
        !IsOpaque ? connection.MessageOutbox : connection.Dialect == Dialect.Frames ? connection.Outbox : null;

    public byte[] Frame(FrameFormat format) => _frames[(int)format] ??= MessageWriter.Write(message, _payload, format);

    /// <summary>Creates a batch of several messages of one room (or none), with the policy of the first one.</summary>
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
