using System.Text;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Xunit;

namespace Gateway.Core.Tests.Broadcast;

/// <summary>What every backplane does. It knows public types only: whoever has another backplane compiles this file, its receiver and Within.cs into their tests.</summary>
public abstract class BackplaneSpec : IAsyncLifetime
{
    private readonly string _room = "room-" + Guid.NewGuid().ToString("N");
    private readonly RecordingReceiver _receiver = new();
    private IBackplane _backplane = null!;

    protected abstract ValueTask<IBackplane> OpenAsync();

    protected abstract ValueTask CloseAsync(IBackplane backplane);

    public async ValueTask InitializeAsync()
    {
        _backplane = await OpenAsync().Bounded();
        _backplane.Start(_receiver);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync(_backplane).Bounded();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task MessageComesBackAsItWasPublished()
    {
        await SubscribeAsync(_room);
        var audience = Audience.Room(_room) with { Except = ["c-1", "c-2"] };
        var message = new Message("chat", "{\"content\":\"日本 😀\"}"u8.ToArray()) { CarriesOffset = true };

        var published = await _backplane.PublishAsync(audience, message, numbered: true).Bounded();

        var (to, came, position) = Assert.Single(await _receiver.HasAsync(1));
        Assert.Equal((AudienceKind.Room, _room), (to.Kind, to.Name));
        Assert.Equal(audience.Except, to.Except);
        Assert.Equal(("chat", true, false), (came.Type, came.CarriesOffset, came.IsArgumentList));
        Assert.Equal(message.Payload.ToArray(), came.Payload.ToArray());
        Assert.Equal(published.Position, position);
        Assert.True(published.Receivers > 0);
    }

    [Fact]
    public async Task ArgumentListsAreKeptApartFromPayloads()
    {
        await SubscribeAsync(_room);

        await _backplane.PublishAsync(Audience.Room(_room), new Message("moved", "[1,2]"u8.ToArray()) { IsArgumentList = true }, numbered: true).Bounded();

        Assert.True(Assert.Single(await _receiver.HasAsync(1)).Message.IsArgumentList);
    }

    [Fact]
    public async Task OffsetsCountFromOneWithoutHolesAndMessagesArriveInTheirOrder()
    {
        const int Publishers = 4, Each = 100;
        await SubscribeAsync(_room);

        var published = await Task.WhenAll(Enumerable.Range(0, Publishers).Select(p => Task.Run(async () =>
        {
            var positions = new List<Position>();
            for (var i = 0; i < Each; i++) positions.Add((await PublishAsync(_room, $"{p} {i}")).Position);
            return positions;
        }))).Bounded();

        var arrived = await _receiver.HasAsync(Publishers * Each);
        Assert.Equal(Enumerable.Range(1, Publishers * Each).Select(o => (long)o), arrived.Select(a => a.Position.Offset));
        Assert.Single(arrived.Select(a => a.Position.Epoch).Distinct());
        for (var p = 0; p < Publishers; p++)
        {
            var own = arrived.Where(a => Text(a.Message).StartsWith($"{p} ", StringComparison.Ordinal)).ToList();
            Assert.Equal(Enumerable.Range(0, Each).Select(i => $"{p} {i}"), own.Select(a => Text(a.Message)));
            Assert.Equal(published[p], own.Select(a => a.Position));
        }
    }

    [Fact]
    public async Task RoomsAreNumberedApart()
    {
        await SubscribeAsync(_room);
        await SubscribeAsync(_room + "-other");

        await PublishAsync(_room, "a");
        await PublishAsync(_room, "b");

        Assert.Equal(1, (await PublishAsync(_room + "-other", "c")).Position.Offset);
        Assert.Equal(3, (await PublishAsync(_room, "d")).Position.Offset);
    }

    [Fact]
    public async Task MessageThatIsNotNumberedHasNoPositionAndTakesNone()
    {
        await SubscribeAsync(_room);
        await PublishAsync(_room, "a");

        var published = await PublishAsync(_room, "b", numbered: false);

        Assert.True(published.Position.IsNone);
        Assert.Equal(2, (await PublishAsync(_room, "c")).Position.Offset);
        Assert.Equal([1, 0, 2], (await _receiver.HasAsync(3)).Select(a => a.Position.Offset));
    }

    [Fact]
    public async Task SubscribingTellsThePositionOfTheLastMessage()
    {
        Assert.Equal(0, (await SubscribeAsync(_room)).Offset);
        await PublishAsync(_room, "a");
        var last = await PublishAsync(_room, "b");

        Assert.Equal(last.Position, await SubscribeAsync(_room));
    }

    [Fact]
    public async Task NothingComesAfterUnsubscribing()
    {
        await SubscribeAsync(_room);
        await SubscribeAsync(_room + "-fence");
        await PublishAsync(_room, "before");
        await _backplane.UnsubscribeAsync(Audience.Room(_room)).Bounded();

        var published = await PublishAsync(_room, "after");
        await PublishAsync(_room + "-fence", "fence");

        Assert.Equal(0, published.Receivers);
        Assert.Equal(["before", "fence"], (await _receiver.HasAsync(2)).Select(a => Text(a.Message)));
    }

    [Fact]
    public async Task SubscribingAgainAfterUnsubscribingBringsMessagesAgain()
    {
        await SubscribeAsync(_room);
        await _backplane.UnsubscribeAsync(Audience.Room(_room)).Bounded();
        await SubscribeAsync(_room);

        await PublishAsync(_room, "again");

        Assert.Equal("again", Text(Assert.Single(await _receiver.HasAsync(1)).Message));
    }

    [Fact]
    public async Task RoomHasSubscribersWhileSomebodyIsSubscribed()
    {
        Assert.False(await _backplane.HasSubscribersAsync(Audience.Room(_room)).Bounded());
        await SubscribeAsync(_room);
        Assert.True(await _backplane.HasSubscribersAsync(Audience.Room(_room)).Bounded());
        await _backplane.UnsubscribeAsync(Audience.Room(_room)).Bounded();
        Assert.False(await _backplane.HasSubscribersAsync(Audience.Room(_room)).Bounded());
    }

    [Theory]
    [InlineData(AudienceKind.User), InlineData(AudienceKind.Connection), InlineData(AudienceKind.Everyone)]
    public async Task OtherAudiencesAreReachedToo(AudienceKind kind)
    {
        var audience = new Audience(kind, kind == AudienceKind.Everyone ? "" : _room);
        await _backplane.SubscribeAsync(audience).Bounded();

        var published = await _backplane.PublishAsync(audience, new Message("direct", "1"u8.ToArray()), numbered: false).Bounded();

        Assert.True(published.Receivers > 0);
        Assert.Equal((kind, audience.Name), Assert.Single((await _receiver.HasAsync(1)).Select(a => (a.Audience.Kind, a.Audience.Name))));
    }

    [Fact]
    public async Task NobodyCarriesOutAnInstructionForAConnectionThatIsNowhere() =>
        Assert.False(await _backplane.InstructAsync(new Instruction("nobody-" + _room, _room, Enter: true)).Bounded());

    private static string Text(Message message) => Encoding.UTF8.GetString(message.Payload.Span).Trim('"');

    private Task<Position> SubscribeAsync(string room) => _backplane.SubscribeAsync(Audience.Room(room), numbered: true).Bounded();

    private Task<Published> PublishAsync(string room, string text, bool numbered = true) =>
        _backplane.PublishAsync(Audience.Room(room), new Message("chat", Encoding.UTF8.GetBytes($"\"{text}\"")), numbered).Bounded();
}
