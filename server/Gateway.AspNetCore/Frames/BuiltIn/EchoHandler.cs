using System.Threading.Channels;

namespace Gateway.AspNetCore.Frames.BuiltIn;

/// <summary>Sends every frame back. With <c>?time</c> in the query, it also sends the server's time.</summary>
internal sealed class EchoHandler(TimeSpan interval, TimeProvider time) : IFrameHandler
{
    private bool _wantsTime;

    public ValueTask InitAsync(FrameContext context)
    {
        _wantsTime = context.Request.Query.ContainsKey("time");
        return default;
    }

    public async Task RunAsync(ChannelReader<Frame> incoming, ChannelWriter<Frame> outgoing, CancellationToken cancel)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var ticking = _wantsTime ? ServerTime.SendAsync(outgoing, interval, time, stopping.Token) : Task.CompletedTask;
        try
        {
            await foreach (var frame in incoming.ReadAllAsync(cancel)) await outgoing.WriteAsync(frame, cancel);
        }
        finally
        {
            await stopping.CancelAsync();
            await ticking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public ValueTask DisposeAsync() => default;
}
