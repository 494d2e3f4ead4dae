using System.Threading.Channels;
using Gateway.AspNetCore.Frames;

namespace Gateway.IntegrationTests.Frames;

/// <summary>A handler that does what the test says, and counts how often it was disposed of.</summary>
internal sealed class ScriptedHandler(
    Func<ChannelReader<Frame>, ChannelWriter<Frame>, CancellationToken, Task> run, Action<FrameContext>? init = null,
    Action? dispose = null) : IFrameHandler
{
    private int _disposed;

    public int Disposed => Volatile.Read(ref _disposed);

    public ValueTask InitAsync(FrameContext context)
    {
        init?.Invoke(context);
        return default;
    }

    public Task RunAsync(ChannelReader<Frame> incoming, ChannelWriter<Frame> outgoing, CancellationToken cancel) =>
        run(incoming, outgoing, cancel);

    public ValueTask DisposeAsync()
    {
        Interlocked.Increment(ref _disposed);
        dispose?.Invoke();
        return default;
    }

    public static async Task EchoAsync(ChannelReader<Frame> incoming, ChannelWriter<Frame> outgoing, CancellationToken cancel)
    {
        await foreach (var frame in incoming.ReadAllAsync(cancel)) await outgoing.WriteAsync(frame, cancel);
    }
}
