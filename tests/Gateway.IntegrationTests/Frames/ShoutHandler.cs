using System.Threading.Channels;
using Gateway.AspNetCore.Frames;

public sealed class ShoutHandler : IFrameHandler
{
    private string _name = "";

    public ValueTask InitAsync(FrameContext context)
    {
        if (context.Request.Query["tired"].Count > 0) context.Refuse(403, "come back tomorrow");
        _name = context.User.Name;
        return default;
    }

    public async Task RunAsync(ChannelReader<Frame> incoming, ChannelWriter<Frame> outgoing, CancellationToken cancel)
    {
        await foreach (var frame in incoming.ReadAllAsync(cancel))
            await outgoing.WriteAsync(Frame.Text($"{_name}: {frame.ToString().ToUpperInvariant()}!"), cancel);
    }

    public ValueTask DisposeAsync() => default;
}
