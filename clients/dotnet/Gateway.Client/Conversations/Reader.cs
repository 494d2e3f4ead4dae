using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Gateway.Client.Conversations;

/// <summary>The messages of one <c>await foreach</c>.</summary>
internal sealed class Reader(int max, Action<Reader> gone)
{
    private readonly Channel<GatewayMessage> _unread = Channel.CreateBounded<GatewayMessage>(
        new BoundedChannelOptions(max) { SingleWriter = true });

    public void Add(GatewayMessage message)
    {
        if (_unread.Writer.TryWrite(message)) return;
        _unread.Writer.TryComplete(new GatewayException(GatewayErrors.UnreadOverflow, $"{max} messages wait to be read already"));
        gone(this);
    }

    public void End(GatewayException? error) => _unread.Writer.TryComplete(error);

    public async IAsyncEnumerable<GatewayMessage> AllAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        try
        {
            await foreach (var message in _unread.Reader.ReadAllAsync(cancel).ConfigureAwait(false)) yield return message;
        }
        finally
        {
            gone(this);
        }
    }
}
