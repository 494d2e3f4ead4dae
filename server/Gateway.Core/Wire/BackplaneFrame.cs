using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Gateway.Core.Messages;

namespace Gateway.Core.Wire;

/// <summary>
/// The frames that replicas send one another through the backplane. All replicas of a cluster read and write this version.
/// <code>
/// byte 0      version (1; 3 for a message with a sender, so that replicas without support for senders ignore it)
/// byte 1      kind: 1 message, 2 command, 3 reply, 4 counted message, 5 count, 6 invocation
/// message     audience kind (1 byte), audience name,
///             flags (1 byte: 1 argument list, 2 carries offset, 4 and 8 the opcode of an opaque message, 16 sender), type,
///             the sender's user id and name (with 16), count of exclusions, each excluded connection id, payload (the rest)
/// command     sending replica, number, action (1 byte: 1 join, 0 leave), connection id, room
/// invocation  sending replica, number, flags (1 byte: 1 argument list), connection id, method, arguments (the rest)
/// reply       number, outcome (1 byte: 1 done: then what the client returned, the rest; 0 no such connection; 2 error: then its code, a
///             number, and its text)
/// counted     sending replica, number, a message frame (the rest): each replica replies with a count
/// count       number, connections that got the message
/// </code>
/// Counts and numbers are 32-bit little endian. A text is its length in bytes, as a number, and its UTF-8 bytes.
/// </summary>
internal static class BackplaneFrame
{
    private const byte Version = 1;
    private const byte VersionWithSender = 3;
    private const int OpcodeShift = 2;

    public enum Kind : byte
    {
        Message = 1,
        Command = 2,
        ClusterReply = 3,
        Counted = 4,
        Count = 5,
        Invocation = 6,
    }

    private enum ReplyOutcome : byte
    {
        NotHere = 0,
        Done = 1,
        Refused = 2,
    }

    [Flags]
    private enum Flags : byte
    {
        None = 0,
        ArgumentList = 1,
        CarriesOffset = 2,
        Text = 4,
        Binary = 8,
        Sender = 16,
    }

    public static byte[] WriteMessage(Audience audience, Message message)
    {
        var flags = (Flags)(message.Opcode << OpcodeShift);
        if (message.IsArgumentList) flags |= Flags.ArgumentList;
        if (message.CarriesOffset) flags |= Flags.CarriesOffset;
        if (message.Sender != null) flags |= Flags.Sender;
        var frame = Begin(Kind.Message, message.Payload.Length + 128, message.Sender == null ? Version : VersionWithSender);
        Put(frame, (byte)audience.Kind);
        Put(frame, audience.Name);
        Put(frame, (byte)flags);
        Put(frame, message.Type);
        if (message.Sender is { } sender)
        {
            Put(frame, sender.UserId);
            Put(frame, sender.Username);
        }
        Put(frame, audience.Except.Count);
        foreach (var id in audience.Except) Put(frame, id);
        frame.Write(message.Payload.Span);
        return frame.WrittenSpan.ToArray();
    }

    public static byte[] WriteCommand(string sender, int number, RemoteCommand command)
    {
        var isInvocation = command.Action == RemoteAction.Invoke;
        var frame = Begin(isInvocation ? Kind.Invocation : Kind.Command, command.Arguments.Length + 128);
        Put(frame, sender);
        Put(frame, number);
        Put(frame, command.Action == RemoteAction.Join || command.IsArgumentList ? (byte)1 : (byte)0);
        Put(frame, command.ConnectionId);
        Put(frame, command.Name);
        frame.Write(command.Arguments.Span);
        return frame.WrittenSpan.ToArray();
    }

    public static byte[] WriteReply(int number, RemoteResult result)
    {
        var frame = Begin(Kind.ClusterReply, result.Value.Length + 64);
        Put(frame, number);
        var outcome = result.Error is not { } error ? ReplyOutcome.Done
            : error == Error.NoSuchConnection ? ReplyOutcome.NotHere
            : ReplyOutcome.Refused;
        Put(frame, (byte)outcome);
        if (outcome == ReplyOutcome.Done)
        {
            frame.Write(result.Value.Span);
        }
        else if (outcome == ReplyOutcome.Refused)
        {
            Put(frame, result.Error!.Code);
            Put(frame, result.Error.Text);
        }
        return frame.WrittenSpan.ToArray();
    }

    public static byte[] WriteCounted(string sender, int number, Audience audience, Message message)
    {
        var frame = Begin(Kind.Counted, message.Payload.Length + 192);
        Put(frame, sender);
        Put(frame, number);
        frame.Write(WriteMessage(audience, message));
        return frame.WrittenSpan.ToArray();
    }

    public static byte[] WriteCount(int number, int connections)
    {
        var frame = Begin(Kind.Count, 16);
        Put(frame, number);
        Put(frame, connections);
        return frame.WrittenSpan.ToArray();
    }

    /// <summary>Returns the kind of a frame; <c>null</c> for another version or an invalid frame.</summary>
    public static Kind? KindOf(ReadOnlySpan<byte> frame) =>
        frame is [Version, >= 1 and <= 6, ..] or [VersionWithSender, (byte)Kind.Message, ..] ? (Kind)frame[1] : null;

    /// <summary>Reads a message. See <see cref="WriteMessage"/>.</summary>
    /// <returns><c>false</c> if the frame is of another version or kind, truncated or invalid.</returns>
    public static bool TryReadMessage(ReadOnlyMemory<byte> frame, out Audience audience, out Message message)
    {
        if (KindOf(frame.Span) != Kind.Message)
        {
            (audience, message) = (Audience.Everyone, new Message("", default));
            return false;
        }
        var reader = new Reader(frame.Span[2..]);
        var kind = (AudienceKind)reader.Byte();
        var name = reader.Text();
        var flags = (Flags)reader.Byte();
        var type = reader.Text();
        var sender = flags.HasFlag(Flags.Sender) ? new MessageSender(reader.Text(), reader.Text()) : null;
        var except = reader.Texts();
        audience = new Audience(kind, name) { Except = except };
        message = new Message(type, reader.Failed ? default : frame[^reader.Rest.Length..])
        {
            IsArgumentList = flags.HasFlag(Flags.ArgumentList),
            CarriesOffset = flags.HasFlag(Flags.CarriesOffset),
            Sender = sender,
            Opcode = (byte)((byte)(flags & (Flags.Text | Flags.Binary)) >> OpcodeShift),
        };
        return !reader.Failed && message.Opcode <= 2 && kind is >= AudienceKind.Room and <= AudienceKind.Everyone;
    }

    /// <summary>Reads a command or an invocation. See <see cref="WriteCommand"/>.</summary>
    public static bool TryReadCommand(ReadOnlyMemory<byte> frame, out string sender, out int number, out RemoteCommand command)
    {
        var isInvocation = KindOf(frame.Span) == Kind.Invocation;
        var reader = new Reader(frame.Span[2..]);
        sender = reader.Text();
        number = reader.Number();
        var flag = reader.Byte() == 1;
        var action = isInvocation ? RemoteAction.Invoke : flag ? RemoteAction.Join : RemoteAction.Leave;
        command = new RemoteCommand(reader.Text(), action, reader.Text())
        {
            IsArgumentList = isInvocation && flag,
            Arguments = reader.Failed ? default : frame[^reader.Rest.Length..],
        };
        return !reader.Failed;
    }

    /// <summary>Reads a reply. See <see cref="WriteReply"/>.</summary>
    public static bool TryReadReply(ReadOnlyMemory<byte> frame, out int number, out RemoteResult result)
    {
        var reader = new Reader(frame.Span[2..]);
        number = reader.Number();
        switch ((ReplyOutcome)reader.Byte())
        {
            case ReplyOutcome.Done:
                result = new RemoteResult(null, frame[^reader.Rest.Length..]);
                break;
            case ReplyOutcome.Refused:
                result = new Error(reader.Number(), reader.Text());
                break;
            default:
                result = Error.NoSuchConnection;
                break;
        }
        return !reader.Failed;
    }

    /// <param name="message">The frame of the message inside.</param>
    public static bool TryReadCounted(ReadOnlyMemory<byte> frame, out string sender, out int number, out ReadOnlyMemory<byte> message)
    {
        var reader = new Reader(frame.Span[2..]);
        sender = reader.Text();
        number = reader.Number();
        message = reader.Failed ? default : frame[^reader.Rest.Length..];
        return !reader.Failed && KindOf(message.Span) == Kind.Message;
    }

    public static bool TryReadCount(ReadOnlySpan<byte> frame, out int number, out int connections)
    {
        var reader = new Reader(frame[2..]);
        number = reader.Number();
        connections = reader.Number();
        return !reader.Failed;
    }

    private static ArrayBufferWriter<byte> Begin(Kind kind, int capacity, byte version = Version)
    {
        var frame = new ArrayBufferWriter<byte>(capacity);
        Put(frame, version);
        Put(frame, (byte)kind);
        return frame;
    }

    private static void Put(ArrayBufferWriter<byte> frame, byte value)
    {
        frame.GetSpan(1)[0] = value;
        frame.Advance(1);
    }

    private static void Put(ArrayBufferWriter<byte> frame, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(frame.GetSpan(4), value);
        frame.Advance(4);
    }

    private static void Put(ArrayBufferWriter<byte> frame, string value)
    {
        Put(frame, Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, frame);
    }

    /// <summary>After the first fault, every read returns an empty value.</summary>
    private ref struct Reader(ReadOnlySpan<byte> frame)
    {
        public ReadOnlySpan<byte> Rest { get; private set; } = frame;
        public bool Failed { get; private set; }

        public byte Byte() => Take(1) is [var value] ? value : (byte)0;

        public int Number() => Take(4) is { Length: 4 } bytes ? BinaryPrimitives.ReadInt32LittleEndian(bytes) : 0;

        public string Text() => Encoding.UTF8.GetString(Take(Number()));

        public List<string> Texts()
        {
            var count = Number();
            if (count == 0) return [];
            if (count < 0 || count > Rest.Length) Failed = true;
            var texts = new List<string>();
            for (var i = 0; i < count && !Failed; i++) texts.Add(Text());
            return texts;
        }

        private ReadOnlySpan<byte> Take(int length)
        {
            if (Failed || length < 0 || length > Rest.Length)
            {
                Failed = true;
                return [];
            }
            var taken = Rest[..length];
            Rest = Rest[length..];
            return taken;
        }
    }
}
