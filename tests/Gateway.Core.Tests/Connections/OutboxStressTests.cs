using System.Text;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Tests.Wire;
using static Gateway.Core.Tests.Connections.OutboxFixture;

namespace Gateway.Core.Tests.Connections;

public sealed class OutboxStressTests
{
    private const int Posters = 3;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(0.8);

    public enum End
    {
        Drained,
        Closed,
        Aborted,
        Failed,
        Stopped,
    }

    [Theory]
    [InlineData(End.Drained), InlineData(End.Closed), InlineData(End.Aborted), InlineData(End.Failed), InlineData(End.Stopped)]
    public async Task NothingIsTornReorderedOrLostWithoutAWordUnderManyThreads(End end)
    {
        var began = TimeProvider.System.GetTimestamp();
        for (var seed = 0; TimeProvider.System.GetElapsedTime(began) < Duration; seed++) await RunAsync(end, seed).Bounded();
    }

    private static async Task RunAsync(End end, int seed)
    {
        var random = new Random(seed);
        var sink = new StressSink(seed, end == End.Failed ? random.Next(30_000) : long.MaxValue);
        var owner = new TestOwner();
        var outbox = new Outbox(sink, new OutboxLimits(random.Next(1, 100), random.Next(500, 20_000)), corks: 1, TimeProvider.System);
        outbox.Attach(owner);
        var posters = Enumerable.Range(0, Posters).Select(room => Task.Run(() => Post(outbox, room, seed))).ToArray();
        var framework = Task.Run(() => WriteAsync(outbox, seed));
        var opener = Task.Run(() => outbox.Uncork(One("w 0 0 0 ", policy: null, room: null)));
        var ender = Task.Run(async () =>
        {
            for (var yields = random.Next(200); yields > 0; yields--) await Task.Yield();
            if (end == End.Closed) outbox.Close(CloseReason.Shutdown, discardQueue: random.Next(2) == 0);
            if (end == End.Aborted) outbox.Abort();
            if (end == End.Stopped) await outbox.StopAsync(Within.Deadline);
            if (end == End.Stopped) sink.Disposed = true;
        });
        await Task.WhenAll([.. posters, framework, opener, ender]);
        var offered = posters.Sum(p => p.Result);
        if (end is End.Drained) await Within.Until(() => outbox.Depth == 0, "drained");
        if (end is End.Closed) await Within.Until(() => sink.Completions == 1, "the close frame is out");
        await outbox.StopAsync(Within.Deadline);
        sink.Disposed = true;
        outbox.Abort();

        Assert.Null(sink.Violation);
        var words = ReadWhole(sink.Handed, mayBeTorn: end is not (End.Drained or End.Closed));
        for (var room = 0; room < Posters; room++) OutboxWord.AssertOrder(words.Where(w => w.Room == room), 'p');
        OutboxWord.AssertOrder(words, 'f');
        Assert.DoesNotContain(words.SkipLast(1), w => w.Kind == 'c');
        Assert.Equal('w', words.FirstOrDefault(w => w.Kind is 'w' or 'p')?.Kind ?? 'w');
        if (end is not (End.Drained or End.Closed)) return;
        OutboxWord.AssertFragmentsTogether(words);
        if (end == End.Drained) Assert.Equal(offered, words.Count(w => w.Kind == 'p') + owner.Dropped);
        else Assert.Equal('c', words[^1].Kind);
        AssertGapsAreReported(words, complete: end == End.Drained);
    }

    /// <returns>How many frames were offered.</returns>
    private static int Post(Outbox outbox, int room, int seed)
    {
        var random = new Random((seed * Posters) + room);
        var offset = 0;
        while (offset < 300)
        {
            var texts = new string[random.Next(1, 6)];
            for (var i = 0; i < texts.Length; i++) texts[i] = $"p {room} {++offset} {offset} {new string('x', random.Next(120))}";
            outbox.Post(
                Many(texts, room == 1 ? SlowConsumerPolicy.DropNewest
                    : SlowConsumerPolicy.DropOldest, "r" + room, offset - texts.Length + 1));
        }
        return offset;
    }

    private static async Task WriteAsync(Outbox outbox, int seed)
    {
        var random = new Random(-seed);
        var number = 0;
        try
        {
            for (var message = 0; message < 60; message++)
            {
                var parts = random.Next(3) == 0 ? random.Next(2, 4) : 1;
                for (var part = 0; part < parts; part++)
                {
                    var frame = Frame($"f {parts} {part} {number++} ");
                    frame[0] = (byte)((part == 0 ? 0x01 : 0x00) | (part == parts - 1 ? 0x80 : 0x00));
                    await outbox.WriteAsync(frame);
                }
            }
        }
        catch (IOException)
        {
            // The connection is over.
        }
    }

    private static List<OutboxWord> ReadWhole(byte[] bytes, bool mayBeTorn)
    {
        var words = new List<OutboxWord>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = Frames.Read(bytes.AsSpan(at), out var opcode, out var payload);
            if (length == 0)
            {
                Assert.True(mayBeTorn, "the stream ends within a frame");
                break;
            }
            words.Add(OutboxWord.Read((opcode, Encoding.Latin1.GetString(payload))));
            at += length;
        }
        return words;
    }

    private static void AssertGapsAreReported(IEnumerable<OutboxWord> words, bool complete)
    {
        var told = new long[Posters];
        foreach (var word in words)
        {
            if (word.Kind is not ('p' or 'g')) continue;
            var room = word.Gap is { } notice ? notice.Room![1] - '0' : word.Room;
            var (from, to) = word.Gap is { } gap ? (gap.From, gap.To) : (word.Offset, word.Offset);
            Assert.Equal(told[room] + 1, from);
            told[room] = to;
        }
        if (complete) Assert.All(told, last => Assert.True(last >= 300));
    }
}
