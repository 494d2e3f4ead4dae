using System.Text;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;

namespace Gateway.Core.Tests.Broadcast;

/// <summary>
/// What every backplane does. It knows public types only: whoever has another backplane compiles this file, its receiver and Within.cs into
/// their tests.
/// </summary>
public abstract class BackplaneSpec : IAsyncLifetime
{
    private static readonly Retention Kept = new(100, TimeSpan.FromMinutes(1));
    private static readonly HistoryRange All = new(0, long.MaxValue, 1000);

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

        var published = await _backplane.PublishAsync(audience, message, Kept).Bounded();

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

        await _backplane.PublishAsync(
            Audience.Room(_room), new Message("moved", "[1,2]"u8.ToArray()) { IsArgumentList = true }, Kept).Bounded();

        Assert.True(Assert.Single(await _receiver.HasAsync(1)).Message.IsArgumentList);
    }

    [Fact]
    public async Task OffsetsCountFromOneWithoutGapsAndMessagesArriveInTheirOrder()
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

        var published = await PublishAsync(_room, "b", null);

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
        await _backplane.UnsubscribeAsync(Audience.Room(_room)).Bounded();

        Assert.Equal(last.Position, await SubscribeAsync(_room));
    }

    [Fact]
    public async Task NothingComesAfterUnsubscribing()
    {
        await SubscribeAsync(_room);
        await SubscribeAsync(_room + "-fence");
        await PublishAsync(_room, "before");
        await _receiver.HasAsync(1);
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

    [Fact]
    public async Task HistoryHoldsWhatWasPublishedAsItWasPublished()
    {
        var message = new Message("moved", "[1,2]"u8.ToArray()) { IsArgumentList = true, CarriesOffset = true };
        await _backplane.PublishAsync(Audience.Room(_room) with { Except = ["c-1"] }, message, Kept).Bounded();

        var page = await _backplane.ReadHistoryAsync(_room, All, Kept).Bounded();

        var past = Assert.Single(page.Messages);
        Assert.Equal(
            (1, "c-1", "moved", true, true),
            (past.Offset, past.Audience.Except.Single(), past.Message.Type, past.Message.IsArgumentList, past.Message.CarriesOffset));
        Assert.Equal("[1,2]", Encoding.UTF8.GetString(past.Message.Payload.Span));
        Assert.Equal((1, false), (page.Head.Offset, page.HasMore));
    }

    [Theory]
    [InlineData(0, long.MaxValue, 10, false, "1a 2b 3c 4d 5e")]
    [InlineData(0, long.MaxValue, 3, false, "1a 2b 3c …")]
    [InlineData(0, long.MaxValue, 3, true, "3c 4d 5e …")]
    [InlineData(2, long.MaxValue, 10, false, "3c 4d 5e")]
    [InlineData(0, 4, 2, true, "2b 3c …")]
    [InlineData(1, 4, 2, true, "2b 3c")]
    [InlineData(1, 4, 2, false, "2b 3c")]
    [InlineData(5, long.MaxValue, 10, false, "")]
    [InlineData(9, long.MaxValue, 10, true, "")]
    [InlineData(3, 4, 10, false, "")]
    public async Task HistoryIsReadInPages(long after, long before, int limit, bool fromTheEnd, string expected)
    {
        await SubscribeAsync(_room);
        await PublishManyAsync(5);

        Assert.Equal(expected, await HistoryAsync(new HistoryRange(after, before, limit) { FromEnd = fromTheEnd }));
    }

    [Fact]
    public async Task PageOfHistoryIsBoundedInBytesButHoldsAtLeastOneMessage()
    {
        await PublishManyAsync(5);

        Assert.Equal("1a …", await HistoryAsync(All with { MaxBytes = 1 }));
        Assert.Equal("1a 2b …", await HistoryAsync(All with { MaxBytes = 150 }));
        Assert.Equal("5e …", await HistoryAsync(All with { MaxBytes = 1, FromEnd = true }));
    }

    [Fact]
    public async Task OnlyTheNewestMessagesAreKept()
    {
        var few = new Retention(3, TimeSpan.FromMinutes(1));
        await SubscribeAsync(_room);
        await PublishManyAsync(26, few);

        Assert.Equal("24x 25y 26z", await HistoryAsync(All, few));
    }

    [Fact]
    public async Task MessagesOfLongAgoAreForgottenButTheirOffsetsAreNot()
    {
        var brief = new Retention(100, TimeSpan.FromMilliseconds(200));
        await SubscribeAsync(_room);
        await PublishManyAsync(2, brief);
        await Within.Until(() => HistoryAsync(All, brief).Result.Length == 0, "the messages to be forgotten");

        Assert.Equal(3, (await PublishAsync(_room, "c", brief)).Position.Offset);
        Assert.Equal("3c", await HistoryAsync(All, brief));
    }

    [Fact]
    public async Task RoomWithoutHistoryHasOffsetsAndNothingToRead()
    {
        await SubscribeAsync(_room);
        await PublishManyAsync(2, Retention.None);

        var page = await _backplane.ReadHistoryAsync(_room, All, Retention.None).Bounded();

        Assert.Equal((2, 0, false), (page.Head.Offset, page.Messages.Count, page.HasMore));
    }

    [Fact]
    public async Task HistoryOutlivesTheMembersAndGrowsWithoutThem()
    {
        await SubscribeAsync(_room);
        var first = await PublishAsync(_room, "a");
        await _backplane.UnsubscribeAsync(Audience.Room(_room)).Bounded();
        await PublishAsync(_room, "b");

        Assert.Equal(first.Position with { Offset = 2 }, await SubscribeAsync(_room));
        Assert.Equal("1a 2b", await HistoryAsync(All));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task MessageUnderOneKeyIsTakenOnce(bool numbered)
    {
        var retention = numbered ? Kept : null;
        await SubscribeAsync(_room);
        var first = await PublishAsync(_room, "a", retention, "k-1");

        var again = await PublishAsync(_room, "a", retention, "k-1");
        var other = await PublishAsync(_room, "b", retention, "k-2");

        Assert.Equal(first.Position, again.Position);
        Assert.Equal(numbered ? 2 : 0, other.Position.Offset);
        Assert.Equal(["a", "b"], (await _receiver.HasAsync(2)).Select(a => Text(a.Message)));
    }

    [Fact]
    public async Task KeysHoldInOneRoomOnly()
    {
        await SubscribeAsync(_room);
        await SubscribeAsync(_room + "-other");
        await PublishAsync(_room, "a", Kept, "k");

        await PublishAsync(_room + "-other", "b", Kept, "k");

        Assert.Equal(["a", "b"], (await _receiver.HasAsync(2)).Select(a => Text(a.Message)));
    }

    [Fact]
    public async Task SameKeyFromManyAtOnceIsTakenOnce()
    {
        await SubscribeAsync(_room);

        var all = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => PublishAsync(_room, "a", Kept, "k")))).Bounded();

        Assert.Single(all.Select(p => p.Position).Distinct());
        Assert.Equal("1a", await HistoryAsync(All));
    }

    [Fact]
    public async Task SubscribersThatComeAndGoHearEverythingAfterTheirPosition()
    {
        using var over = new CancellationTokenSource();
        var publisher = Task.Run(async () =>
        {
            for (var i = 0; !over.IsCancellationRequested; i++)
                await PublishAsync(
                    _room, i.ToString(System.Globalization.CultureInfo.InvariantCulture));
        });
        for (var round = 0; round < 20; round++)
        {
            var heard = _receiver.Arrived.Count;
            var position = await SubscribeAsync(_room);
            var came = (await _receiver.HasAsync(heard + 5)).Skip(heard).Select(a => a.Position.Offset).ToList();
            await _backplane.UnsubscribeAsync(Audience.Room(_room)).Bounded();

            Assert.Equal(Enumerable.Range(1, came.Count).Select(o => position.Offset + o), came);
        }
        await over.CancelAsync();
        await publisher.Bounded();
    }

    [Theory]
    [InlineData(AudienceKind.User), InlineData(AudienceKind.Connection), InlineData(AudienceKind.Everyone)]
    public async Task OtherAudiencesAreReachedToo(AudienceKind kind)
    {
        var audience = new Audience(kind, kind == AudienceKind.Everyone ? "" : _room);
        await _backplane.SubscribeAsync(audience).Bounded();

        var published = await _backplane.PublishAsync(audience, new Message("direct", "1"u8.ToArray())).Bounded();

        Assert.True(published.Receivers > 0);
        Assert.Equal((kind, audience.Name), Assert.Single((await _receiver.HasAsync(1)).Select(a => (a.Audience.Kind, a.Audience.Name))));
    }

    [Fact]
    public async Task NobodyCarriesOutARemoteCommandForAConnectionThatIsNowhere() =>
        Assert.Equal(
            Error.NoSuchConnection,
            (await _backplane.SendCommandAsync(new RemoteCommand("nobody-" + _room, RemoteAction.Join, _room)).Bounded()).Error);

    private static string Text(Message message) => Encoding.UTF8.GetString(message.Payload.Span).Trim('"');

    private Task<Position> SubscribeAsync(string room) => _backplane.SubscribeAsync(Audience.Room(room), Kept).Bounded();

    private Task<PublishResult> PublishAsync(string room, string text) => PublishAsync(room, text, Kept);

    private Task<PublishResult> PublishAsync(string room, string text, Retention? retention, string? idempotencyKey = null) =>
        _backplane.PublishAsync(
            Audience.Room(room), new Message("chat", Encoding.UTF8.GetBytes($"\"{text}\"")), retention, idempotencyKey).Bounded();

    private async Task<string> HistoryAsync(HistoryRange range, Retention? retention = null)
    {
        var page = await _backplane.ReadHistoryAsync(_room, range, retention ?? Kept).Bounded();
        Assert.Equal(page.Messages.Select(m => m.Offset).Order(), page.Messages.Select(m => m.Offset));
        return string.Join(' ', page.Messages.Select(m => $"{m.Offset}{Text(m.Message)}")) + (page.HasMore ? " …" : "");
    }

    private async Task PublishManyAsync(int count, Retention? retention = null)
    {
        for (var i = 0; i < count; i++) await PublishAsync(_room, ((char)('a' + i)).ToString(), retention ?? Kept);
    }
}
