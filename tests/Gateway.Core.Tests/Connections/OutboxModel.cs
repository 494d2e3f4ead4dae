using System.Globalization;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Tests.Wire;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Connections;

/// <summary>
/// Does random things to an outbox and knows what must have become of them. Every frame carries its own number, so that what the client
/// got tells what was lost, torn or reordered.
/// </summary>
internal sealed class OutboxModel
{
    private static readonly SlowConsumerPolicy[][] RoomPolicies =
    [
        [SlowConsumerPolicy.DropOldest], [SlowConsumerPolicy.DropNewest], [SlowConsumerPolicy.Latest],
        [SlowConsumerPolicy.DropOldest, SlowConsumerPolicy.DropNewest],
        [SlowConsumerPolicy.DropOldest, SlowConsumerPolicy.DropNewest, SlowConsumerPolicy.Disconnect],
    ];

    private readonly OutboxFixture _f;
    private readonly OutboxLimits _limits;
    private readonly long[] _offsets = new long[RoomPolicies.Length];
    private readonly Queue<byte[]> _fragments = new();
    private Task _framework = Task.CompletedTask;
    private int _corks;
    private int _number;
    private int _done;
    private int _offered;
    private bool _ended;

    public OutboxModel(int messages, int bytes, int corks)
    {
        _limits = new OutboxLimits(messages, bytes);
        _corks = corks;
        _f = new OutboxFixture(messages, bytes, corks);
        _f.Sink.Stall();
    }

    public void Do(int seed)
    {
        var random = new Random(seed);
        switch (random.Next(100))
        {
            case < 65: Post(random); break;
            case < 80: Write(random); break;
            case < 88: _f.Sink.Release(); break;
            case < 91: _f.Sink.Window = random.Next(300); break;
            case < 92: _f.Sink.Stalls = random.Next(4) > 0; break;
            case < 97: Uncork(); break;
            case 97 when random.Next(3) == 0: Close(random); break;
            case 98 when random.Next(3) == 0: _f.Sink.Fails = _ended = true; break;
            case 99 when random.Next(3) == 0: Abort(); break;
        }
        if (++_done % 5 == 0) Check();
    }

    /// <summary>The client reads everything, and the model looks at the whole.</summary>
    public void Finish()
    {
        while (_corks > 0) Uncork();
        _f.Sink.Flow();
        Check();
        if (!_f.Outbox.IsOpen || _ended) return;
        Assert.Equal(0, _f.Outbox.Depth);
        var told = Told();
        for (var room = 0; room < _offsets.Length; room++)
            if (!IsLatest(room))
                Assert.Equal(_offsets[room], told[room]);
    }

    private void Post(Random random)
    {
        var room = random.Next(-1, RoomPolicies.Length);
        SlowConsumerPolicy? policy = room < 0 ? null : RoomPolicies[room][random.Next(RoomPolicies[room].Length)];
        if (policy is null or SlowConsumerPolicy.Disconnect && random.Next(30) > 0) return; // or every run would end by one
        var count = policy == null ? 1 : random.Next(1, 6);
        var wasOpen = _f.Outbox.IsOpen;
        var offset = room < 0 || IsLatest(room) ? 0 : _offsets[room] + 1;
        var texts = new string[count];
        for (var i = 0; i < count; i++) texts[i] = Text('p', room, offset == 0 ? 0 : offset + i, random);
        if (wasOpen && offset > 0) _offsets[room] += count;

        var depth = _f.Outbox.Depth;
        var taken = _f.Outbox.Post(count == 1
            ? OutboxFixture.One(texts[0], policy, Name(room), offset)
            : OutboxFixture.Many(texts, policy!.Value, Name(room), offset));

        Assert.InRange(taken, 0, count);
        if (!wasOpen) Assert.Equal(0, taken);
        else _offered += count;
        if (_f.Outbox.IsOpen) Assert.True(_f.Outbox.Depth <= Math.Max(depth, _limits.Messages), "more messages wait than may");
    }

    private void Write(Random random)
    {
        if (!_framework.IsCompleted) return; // the framework writes one frame at a time
        if (_fragments.Count == 0)
        {
            var kind = random.Next(10);
            if (kind == 0 && random.Next(10) == 0)
            {
                _framework = _f.Outbox.WriteAsync(WebSocketFrame.WriteClose(1000, "bye")).AsTask();
                return;
            }
            var parts = kind < 3 ? random.Next(2, 4) : 1;
            for (var i = 0; i < parts; i++)
            {
                var opcode = (byte)((i == 0 ? 0x01 : 0x00) | (i == parts - 1 ? 0x80 : 0x00));
                var frame = OutboxFixture.Frame(Text('f', parts, i, random));
                frame[0] = opcode;
                _fragments.Enqueue(frame);
            }
        }
        _framework = random.Next(5) == 0
            ? _f.Outbox.WriteAsync((byte[])[0x8a, 1, (byte)'.']).AsTask() // a pong, perhaps between fragments
            : _f.Outbox.WriteAsync(_fragments.Dequeue()).AsTask();
    }

    private void Uncork()
    {
        if (_corks == 0) return;
        var welcome = --_corks == 0 ? OutboxFixture.One(Text('w', 0, 0, null), policy: null, room: null) : null;
        if (_f.Outbox.IsOpen && welcome != null) _offered++;
        _f.Outbox.Uncork(welcome);
    }

    private void Close(Random random)
    {
        _f.Outbox.Close(CloseReason.Shutdown, discardQueue: random.Next(2) == 0);
    }

    private void Abort()
    {
        _ended = true;
        _f.Outbox.Abort();
    }

    private string Text(char kind, int room, long offset, Random? random) =>
        string.Create(CultureInfo.InvariantCulture, $"{kind} {room} {offset} {_number++} ") + new string('x', random == null ? 0
            : random.Next(40) switch
            {
                0 => random.Next(16_000, 20_000),
                < 5 => 0,
                _ => random.Next(1, 180),
            });

    private void Check()
    {
        Assert.Null(_f.Sink.Violation);
        var closes = _f.Owner.Closes.Count;
        var frames = Frames.ReadAll(_f.Sink.Handed).Select(OutboxWord.Read).ToList(); // fails if one is torn
        Assert.Equal(
            _offered + closes,
            frames.Count(w => w.Kind is 'p' or 'w' or 'c') - FrameworkCloses(frames) + _f.Owner.Dropped + _f.Outbox.Depth);
        Assert.DoesNotContain(frames.SkipLast(1), w => w.Kind == 'c'); // nothing follows a close frame
        OutboxWord.AssertOrder(frames, 'p');
        OutboxWord.AssertOrder(frames, 'f');
        OutboxWord.AssertFragmentsTogether(frames);
        if (_corks > 0) Assert.DoesNotContain(frames, w => w.Kind == 'p');
        Told();
        AssertWrittenIsAStartOf(_f.Sink.Handed);
    }

    private static int FrameworkCloses(List<OutboxWord> frames) =>
        frames.Count(w => w.Kind == 'c' && w.Text.EndsWith("bye", StringComparison.Ordinal));

    private void AssertWrittenIsAStartOf(byte[] handed) => Assert.True(handed.AsSpan().StartsWith(_f.Sink.Written), "bytes out of order");

    /// <summary>
    /// Up to which offset the client knows of everything in each room: it has it, or was told in its place that it has not.
    /// </summary>
    private long[] Told()
    {
        var told = new long[RoomPolicies.Length];
        foreach (var word in Frames.ReadAll(_f.Sink.Handed).Select(OutboxWord.Read))
        {
            if (word.Kind == 'p' && word.Room >= 0 && !IsLatest(word.Room))
            {
                Assert.Equal(told[word.Room] + 1, word.Offset);
                told[word.Room] = word.Offset;
            }
            if (word.Gap is not { From: > 0 } gap) continue;
            var room = int.Parse(gap.Room!.AsSpan(1), CultureInfo.InvariantCulture);
            Assert.Equal(told[room] + 1, gap.From);
            Assert.Equal(gap.Missed, gap.To - gap.From + 1);
            told[room] = gap.To;
        }
        return told;
    }

    private static bool IsLatest(int room) => RoomPolicies[room][0] == SlowConsumerPolicy.Latest;

    private static string? Name(int room) => room < 0 ? null : "r" + room.ToString(CultureInfo.InvariantCulture);
}
