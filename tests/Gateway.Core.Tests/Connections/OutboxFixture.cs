using System.Text;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Tests.Wire;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Connections;

/// <summary>An outbox between a test and a sink of its own; what the client got is told as one word per frame.</summary>
internal sealed class OutboxFixture
{
    public OutboxFixture(int messages = 4, long bytes = 10_000, int corks = 0, FrameFormat format = FrameFormat.RawWebSocket)
    {
        SynchronizationContext.SetSynchronizationContext(null); // so that what waits for the sink goes on at once when it is released
        Sink = new TestSink(format);
        Outbox = new Outbox(Sink, new OutboxLimits(messages, bytes), corks, Time);
        Outbox.Attach(Owner);
    }

    public FakeTime Time { get; } = new();
    public TestSink Sink { get; }
    public TestOwner Owner { get; } = new();
    public Outbox Outbox { get; }

    /// <summary>What the client has, frame by frame: text as it is, <c>close 1000 text</c>, <c>gap room missed from-to</c>.</summary>
    public IReadOnlyList<string> Written => [.. Frames.ReadAll(Sink.Written).Select(Word)];

    public static byte[] Frame(string text) => WebSocketFrame.WriteText(Encoding.UTF8.GetBytes(text));

    public static FrameBatch One(
        string text, SlowConsumerPolicy? policy = SlowConsumerPolicy.Disconnect, string? room = "r", long offset = 0) =>
        new(Frame(text), policy, room, offset);

    /// <summary>A batch of one frame for each text; with offsets from <paramref name="offset"/> on, unless that is 0.</summary>
    public static FrameBatch Many(
        string[] texts, SlowConsumerPolicy policy = SlowConsumerPolicy.Disconnect, string? room = "r", long offset = 0)
    {
        var bytes = new List<byte>();
        var ends = new int[texts.Length];
        for (var i = 0; i < texts.Length; i++)
        {
            bytes.AddRange(Frame(texts[i]));
            ends[i] = bytes.Count;
        }
        return new FrameBatch(bytes.ToArray(), ends, offset > 0 ? [.. texts.Select((_, i) => offset + i)] : null, policy, room);
    }

    /// <summary>Posts a frame that stays with the sink, so that everything after it waits.</summary>
    public OutboxFixture Stalled()
    {
        Sink.Stall();
        Outbox.Post(One("stalled"));
        return this;
    }

    private static string Word((byte FinAndOpcode, string Payload) frame)
    {
        var bytes = Encoding.Latin1.GetBytes(frame.Payload);
        if (frame.FinAndOpcode == WebSocketFrame.Close)
            return $"close {(bytes[0] << 8) | bytes[1]} {Encoding.UTF8.GetString(bytes.AsSpan(2))}".TrimEnd();
        var text = Encoding.UTF8.GetString(bytes);
        if (GapNotice.TryRead(text) is { } gap) return gap.ToString();
        return frame.FinAndOpcode switch
        {
            WebSocketFrame.Text => text,
            WebSocketFrame.Ping => "ping " + text,
            var opcode => $"{opcode:x2} {text}",
        };
    }
}
