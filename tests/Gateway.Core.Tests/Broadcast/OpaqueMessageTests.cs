using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Rooms;
using Gateway.Core.Wire;

namespace Gateway.Core.Tests.Broadcast;

/// <summary>Frames that the gateway does not understand, in the same fan-out as everything else.</summary>
public sealed class OpaqueMessageTests : IDisposable
{
    private readonly TestCore _core = new();

    public void Dispose() => _core.Dispose();

    [Fact]
    public async Task FrameGoesAsItIsToConnectionsOfHandlersAndToNoOther()
    {
        var frames = await _core.ConnectAsync([], format: FrameFormat.Frames);
        var other = await _core.ConnectAsync([], format: FrameFormat.Frames);
        var raw = await _core.ConnectAsync([]);
        foreach (var client in new[] { frames, other, raw }) await _core.Membership.JoinUncheckedAsync(client.Connection, RoomName.Relay);

        await _core.Publisher.PublishAsync(Audience.Room(RoomName.Relay), Message.Frame(2, new byte[] { 1, 2, 3 }));
        await _core.Publisher.PublishAsync(
            Audience.Room(RoomName.Relay) with { Except = [frames.Connection.Id] }, Message.Frame(1, "text"u8.ToArray()));
        await _core.Publisher.PublishAsync(Audience.Room(RoomName.Relay), new Message("chat", "{}"u8.ToArray()));
        await raw.HasAsync("chat", 1);

        await Within.Until(() => other.Sink.Written.Length == 11, "both frames");
        byte[] first = [0x82, 3, 1, 2, 3];
        byte[] both = [.. first, 0x81, 4, .. "text"u8];
        Assert.Equal(first, frames.Sink.Written);
        Assert.Equal(both, other.Sink.Written);
        Assert.DoesNotContain(raw.Received, r => r.Type == "frame");
    }

    [Fact]
    public async Task HandlersConnectionHearsNothingThatItsHandlerDidNotAskFor()
    {
        var frames = await _core.ConnectAsync(["r"], "ada", FrameFormat.Frames);
        var raw = await _core.ConnectAsync(["r"]);

        await _core.Publisher.PublishAsync(Audience.Everyone, new Message("notice", "{}"u8.ToArray()));
        await _core.Publisher.PublishAsync(Audience.User("ada"), new Message("notice", "{}"u8.ToArray()));
        await raw.DoAsync("chat", """{"room":"r","content":"x"}""");
        await raw.HasAsync("chat", 1);
        _core.Lifecycle.Drain();

        await Within.Until(() => frames.Sink.Written.Length > 0, "the close frame");
        Assert.Equal(WebSocketFrame.WriteClose(1001, "shutting down"), frames.Sink.Written);
        Assert.Equal(1, _core.Connections.CountOf(Dialect.Frames));
    }

    [Fact]
    public async Task RoomOfTheRelayIsOutOfClientsReach()
    {
        var raw = await _core.ConnectAsync([]);

        Assert.StartsWith("400: room must not contain white space", await raw.FailAsync("join", $$"""{"room":"{{RoomName.Relay}}"}"""));
        Assert.StartsWith(
            "400: room must not contain white space", await raw.FailAsync("chat", $$"""{"room":"{{RoomName.Relay}}","content":"x"}"""));
    }
}
