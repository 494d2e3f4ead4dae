using System.Threading.Channels;

namespace Gateway.AspNetCore.Frames;

/// <summary>
/// Processes the frames of one connection, in a protocol of its own. The gateway creates a handler for each connection and disposes it
/// exactly once. See docs/extending.md.
/// </summary>
public interface IFrameHandler : IAsyncDisposable
{
    /// <summary>
    /// Called before the WebSocket is accepted. May set response headers, choose a sub-protocol, or refuse the request. If it throws, the
    /// client gets status 500.
    /// </summary>
    ValueTask InitAsync(FrameContext context);

    /// <summary>
    /// Called before the WebSocket is accepted, when the connection is registered in its domain. Join rooms here: the client then misses no
    /// message after its WebSocket opens. If it throws, the connection is closed with 1011, or 1013 if the backplane is not available, and
    /// <see cref="RunAsync"/> is not called.
    /// </summary>
    /// <param name="cancel">Cancelled after <c>raw.pong_wait</c>.</param>
    ValueTask EnterAsync(CancellationToken cancel) => default;

    /// <summary>
    /// Processes frames until the connection ends. When it returns, the gateway sends what was written and closes the connection with 1000.
    /// When it throws, the gateway closes the connection with 1011, or 1013 if the backplane is not available.
    /// </summary>
    /// <param name="incoming">The frames of the client, in order. Completes when the client has closed. Up to 16 frames wait; then the
    /// gateway stops reading from the client.</param>
    /// <param name="outgoing">The frames for the client. Up to 16 frames wait; then writing waits. Frames written after the connection has
    /// ended are discarded.</param>
    /// <param name="cancel">Cancelled when the client has disconnected, or <c>raw.write_wait</c> after it has closed.</param>
    Task RunAsync(ChannelReader<Frame> incoming, ChannelWriter<Frame> outgoing, CancellationToken cancel);
}
