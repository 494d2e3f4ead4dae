using System.Threading.Channels;

namespace Gateway.AspNetCore.Frames.BuiltIn;

/// <summary>
/// Every frame goes as it is to all relay connections of the hub, on all replicas: by the fan-out, framed once, and in one order for all.
/// </summary>
/// <param name="echo">The sender included.</param>
internal sealed class RelayHandler(bool echo) : IFrameHandler
{
    private FrameRooms _rooms = null!;

    public ValueTask InitAsync(FrameContext context)
    {
        _rooms = context.Rooms;
        return default;
    }

    public ValueTask EnterAsync(CancellationToken cancel) => _rooms.EnterRelayAsync();

    public async Task RunAsync(ChannelReader<Frame> incoming, ChannelWriter<Frame> outgoing, CancellationToken cancel)
    {
        await foreach (var frame in incoming.ReadAllAsync(cancel)) await _rooms.RelayAsync(frame, echo, cancel);
    }

    public ValueTask DisposeAsync() => default;
}
