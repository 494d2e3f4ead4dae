using System.Threading.Channels;

namespace Gateway.AspNetCore.Frames;

/// <summary>
/// One client's conversation in a protocol of its own. A handler is made for each connection, and disposed of exactly once, however that
/// ends; docs/extending.md.
/// </summary>
public interface IFrameHandler : IAsyncDisposable
{
    /// <summary>
    /// Before the WebSocket is accepted: may set response headers, choose a sub-protocol, or refuse. A fault is answered with 500
    /// <c>internal error</c>.
    /// </summary>
    ValueTask InitAsync(FrameContext context);

    /// <summary>
    /// Ahead of the acceptance, with the connection's place in the hub standing: a handler that hears rooms joins them here, and its client
    /// misses nothing from the moment on at which it knows that its WebSocket is open. A fault closes the accepted connection as one of
    /// <see cref="RunAsync"/> does, which is then not called.
    /// </summary>
    /// <param name="cancel">It takes longer than <c>raw.pong_wait</c>.</param>
    ValueTask EnterAsync(CancellationToken cancel) => default;

    /// <summary>
    /// The conversation. When it returns the connection is closed with 1000, after what was written; when it throws, with 1011 <c>internal
    /// error</c>.
    /// </summary>
    /// <param name="incoming">What the client sends, in its order; ends when the client has closed. While a handler does not read, at most
    /// 16 frames wait, and the client is not read from.</param>
    /// <param name="outgoing">At most 16 frames wait here for the client: then writing waits. What is written after the end is not
    /// sent.</param>
    /// <param name="cancel">The client is gone, or has closed and the handler has had <c>raw.write_wait</c> to finish.</param>
    Task RunAsync(ChannelReader<Frame> incoming, ChannelWriter<Frame> outgoing, CancellationToken cancel);
}
