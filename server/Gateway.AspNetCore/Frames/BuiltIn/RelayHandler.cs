using System.Threading.Channels;

namespace Gateway.AspNetCore.Frames.BuiltIn;

/// <summary>Sends every frame to all relay connections of the domain, on all replicas and in the same order.</summary>
/// <param name="echo">Whether the sender receives its own frames.</param>
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
