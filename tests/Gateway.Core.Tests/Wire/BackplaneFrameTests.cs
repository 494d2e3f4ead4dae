using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Gateway.Core.Messages;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Wire;

public sealed class BackplaneFrameTests
{
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.Elements("", "lobby", "日本 😀", "\0", new string('x', 70_000)),
        // No half surrogate pairs.
        ArbMap.Default.GeneratorFor<NonNull<string>>().Select(s => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(s.Get))));

    [Fact]
    public void MessageComesBackAsItWas() => Prop.ForAll(
        (from kind in Gen.Elements(Enum.GetValues<AudienceKind>())
         from name in Text
         from type in Text
         from payload in ArbMap.Default.GeneratorFor<byte[]>()
         from except in Text.ListOf().Resize(5)
         from flags in Gen.Choose(0, 11)
         select (kind, name, type, payload, except, flags)).ToArbitrary(),
        m =>
        {
            var audience = new Audience(m.kind, m.name) { Except = [.. m.except] };
            var message = new Message(m.type, m.payload)
            {
                IsArgumentList = (m.flags & 1) != 0,
                CarriesOffset = (m.flags & 2) != 0,
                Opcode = (byte)(m.flags >> 2)
            };

            var frame = BackplaneFrame.WriteMessage(audience, message);

            Assert.Equal(BackplaneFrame.Kind.Message, BackplaneFrame.KindOf(frame));
            Assert.True(BackplaneFrame.TryReadMessage(frame, out var audienceRead, out var read));
            Assert.Equal((audience.Kind, audience.Name), (audienceRead.Kind, audienceRead.Name));
            Assert.Equal(audience.Except, audienceRead.Except);
            Assert.Equal(
                (message.Type, message.IsArgumentList, message.CarriesOffset, message.Opcode),
                (read.Type, read.IsArgumentList, read.CarriesOffset, read.Opcode));
            Assert.Equal(m.payload, read.Payload.ToArray());
        }).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void CommandsAndRepliesComeBackAsTheyWere() => Prop.ForAll(
        (from asker in Text
         from number in Gen.Choose(int.MinValue, int.MaxValue)
         from connection in Text
         from room in Text
         from action in Gen.Elements(RemoteAction.Join, RemoteAction.Leave, RemoteAction.Invoke)
         from isList in Gen.Elements(true, false)
         select (asker, number, connection, room, action, isList)).ToArbitrary(),
        i =>
        {
            var sent = new RemoteCommand(i.connection, i.action, i.room);
            if (i.action == RemoteAction.Invoke) sent = sent with { IsArgumentList = i.isList, Arguments = "[1]"u8.ToArray() };
            var command = BackplaneFrame.WriteCommand(i.asker, i.number, sent);
            Assert.Equal(
                i.action == RemoteAction.Invoke ? BackplaneFrame.Kind.Invocation : BackplaneFrame.Kind.Command,
                BackplaneFrame.KindOf(command));
            Assert.True(BackplaneFrame.TryReadCommand(command, out var asker, out var number, out var arrived));
            Assert.Equal((i.asker, i.number), (asker, number));
            Assert.Equal(sent.Arguments.ToArray(), arrived.Arguments.ToArray());
            Assert.Equal(sent with { Arguments = default }, arrived with { Arguments = default });

            foreach (var outcome in new[] { null, Error.NoSuchConnection, new Error(i.number, i.room) })
            {
                byte[] value = outcome == null ? [.. "{}"u8] : [];
                var reply = BackplaneFrame.WriteReply(i.number, new RemoteResult(outcome, value));
                Assert.Equal(BackplaneFrame.Kind.ClusterReply, BackplaneFrame.KindOf(reply));
                Assert.True(BackplaneFrame.TryReadReply(reply, out number, out var result));
                Assert.Equal((i.number, outcome), (number, result.Error));
                Assert.Equal(value, result.Value.ToArray());
            }

            var message = BackplaneFrame.WriteMessage(Audience.User(i.connection), new Message("direct", "{}"u8.ToArray()));
            var counted = BackplaneFrame.WriteCounted(
                i.asker, i.number, Audience.User(i.connection), new Message("direct", "{}"u8.ToArray()));
            Assert.Equal(BackplaneFrame.Kind.Counted, BackplaneFrame.KindOf(counted));
            Assert.True(BackplaneFrame.TryReadCounted(counted, out asker, out number, out var within));
            Assert.Equal((i.asker, i.number), (asker, number));
            Assert.Equal(message, within.ToArray());

            var count = BackplaneFrame.WriteCount(i.number, 3);
            Assert.Equal(BackplaneFrame.Kind.Count, BackplaneFrame.KindOf(count));
            Assert.True(BackplaneFrame.TryReadCount(count, out number, out var connections));
            Assert.Equal((i.number, 3), (number, connections));
        }).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void SenderTravelsWithItsMessage()
    {
        var message = new Message("cursor", "{}"u8.ToArray()) { CarriesOffset = true, Sender = new MessageSender("ada", "Ada Λ") };
        var frame = BackplaneFrame.WriteMessage(Audience.Room("lobby") with { Except = ["a"] }, message);

        Assert.Equal(BackplaneFrame.Kind.Message, BackplaneFrame.KindOf(frame));
        Assert.True(BackplaneFrame.TryReadMessage(frame, out var audience, out var read));
        Assert.Equal((message.Sender, "cursor", true), (read.Sender, read.Type, read.CarriesOffset));
        Assert.Equal(["a"], audience.Except);
        Assert.Equal("{}"u8.ToArray(), read.Payload.ToArray());
    }

    [Fact]
    public void FrameCutShortIsNoFrame()
    {
        var header = BackplaneFrame.WriteMessage(
            Audience.Room("lobby") with { Except = ["a", "bc"] }, new Message("chat", ReadOnlyMemory<byte>.Empty));
        var command = BackplaneFrame.WriteCommand("r1", 1, new RemoteCommand("c-1", RemoteAction.Join, "lobby"));
        var reply = BackplaneFrame.WriteReply(1, Error.Forbidden("no"));

        AssertCut(header, cut => BackplaneFrame.TryReadMessage(cut, out _, out _));
        AssertCut(command, cut => BackplaneFrame.TryReadCommand(cut, out _, out _, out _));
        AssertCut(reply, cut => BackplaneFrame.TryReadReply(cut, out _, out _));
        AssertCut(BackplaneFrame.WriteCount(1, 2), cut => BackplaneFrame.TryReadCount(cut, out _, out _));
    }

    [Theory]
    [InlineData(new byte[0]), InlineData(new byte[] { 1 }), InlineData(new byte[] { 1, 0 }), InlineData(new byte[] { 1, 7 }),
    InlineData(new byte[] { 2, 1 })]
    public void OtherVersionsAndKindsAreNotOurs(byte[] frame) => Assert.Null(BackplaneFrame.KindOf(frame));

    [Fact]
    public void CountsAndKindsThatMakeNoSenseAreRefused()
    {
        byte[] wrongKind = [1, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        byte[] negativeLength = [1, 1, 1, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        byte[] hugeCount = [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f];

        Assert.All(
            (byte[][])[wrongKind, negativeLength, hugeCount], frame => Assert.False(BackplaneFrame.TryReadMessage(frame, out _, out _)));
    }

    private static void AssertCut(byte[] frame, Func<byte[], bool> read)
    {
        Assert.True(read(frame));
        for (var length = 2; length < frame.Length; length++) Assert.False(read(frame[..length]), $"cut at {length} of {frame.Length}");
    }
}
