using System.Threading.Channels;

namespace Gateway.AspNetCore.Frames.BuiltIn;

/// <summary>The server's time, at once and then again and again. What comes is read away.</summary>
internal sealed class ClockHandler(TimeSpan interval, TimeProvider time) : IFrameHandler
{
    public ValueTask InitAsync(FrameContext context) => default;

    public async Task RunAsync(ChannelReader<Frame> incoming, ChannelWriter<Frame> outgoing, CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await outgoing.WriteAsync(ServerTime.Now(time), cancel);
        var ticking = ServerTime.SendAsync(outgoing, interval, time, over.Token);
        try
        {
            await foreach (var _ in incoming.ReadAllAsync(cancel))
            {
            }
        }
        finally
        {
            await over.CancelAsync();
            await ticking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public ValueTask DisposeAsync() => default;
}
