using System.Threading.Channels;

namespace Gateway.AspNetCore.Frames.BuiltIn;

/// <summary>Sends the server's time, at once and then at an interval. Discards what the client sends.</summary>
internal sealed class ClockHandler(TimeSpan interval, TimeProvider time) : IFrameHandler
{
    public ValueTask InitAsync(FrameContext context) => default;

    public async Task RunAsync(ChannelReader<Frame> incoming, ChannelWriter<Frame> outgoing, CancellationToken cancel)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await outgoing.WriteAsync(ServerTime.Now(time), cancel);
        var ticking = ServerTime.SendAsync(outgoing, interval, time, stopping.Token);
        try
        {
            await foreach (var _ in incoming.ReadAllAsync(cancel))
            {
            }
        }
        finally
        {
            await stopping.CancelAsync();
            await ticking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public ValueTask DisposeAsync() => default;
}
