using System.Globalization;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Connections;

/// <summary>
/// One frame as the models write it: <c>kind room offset number …</c>. Kinds: p posted, f of the framework's (room: how many fragments,
/// offset: which of them), w the welcome, g a gap notice, c a close frame, o a pong.
/// </summary>
internal sealed record OutboxWord(char Kind, byte FinAndOpcode, int Room, long Offset, int Number, string Text)
{
    public GapNotice? Gap { get; private init; }

    public static OutboxWord Read((byte FinAndOpcode, string Payload) frame)
    {
        var (opcode, text) = frame;
        if (opcode == WebSocketFrame.Close) return new OutboxWord('c', opcode, 0, 0, 0, text);
        if (opcode == 0x8a) return new OutboxWord('o', opcode, 0, 0, 0, text);
        if (GapNotice.TryRead(text) is { } gap) return new OutboxWord('g', opcode, 0, 0, 0, text) { Gap = gap };
        var parts = text.Split(' ');
        return new OutboxWord(text[0], opcode, Parsed(parts[1]), Parsed(parts[2]), Parsed(parts[3]), text);
    }

    /// <summary>Everything of a kind stands in the order in which it was given to the outbox, and once.</summary>
    public static void AssertOrder(IEnumerable<OutboxWord> words, char kind)
    {
        var last = -1;
        foreach (var word in words.Where(w => w.Kind == kind))
        {
            Assert.True(word.Number > last, $"{kind} {word.Number} comes after {last}");
            last = word.Number;
        }
    }

    public static void AssertFragmentsTogether(IReadOnlyList<OutboxWord> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (words[i].Kind != 'f' || words[i].Offset > 0) continue;
            for (var fragment = 1; fragment < words[i].Room; fragment++)
            {
                Assert.True(i + fragment < words.Count, "a message ends within its fragments");
                Assert.Equal(('f', (long)fragment), (words[i + fragment].Kind, words[i + fragment].Offset));
            }
        }
    }

    private static int Parsed(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
