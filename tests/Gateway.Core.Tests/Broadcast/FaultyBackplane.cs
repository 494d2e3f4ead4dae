using Gateway.Core.Broadcast;
using Gateway.Core.Messages;

namespace Gateway.Core.Tests.Broadcast;

/// <summary>A backplane with a fault of its own: what it throws has no name in the contract.</summary>
internal sealed class FaultyBackplane : IBackplane
{
    public bool CrossesReplicas => false;

    public void Start(IBackplaneReceiver receiver)
    {
    }

    public ValueTask<Position> SubscribeAsync(Audience audience, Retention? retention = null) =>
        throw new InvalidOperationException("secret");

    public ValueTask UnsubscribeAsync(Audience audience) => default;

    public ValueTask<PublishResult> PublishAsync(
        Audience audience, Message message, Retention? retention = null, string? idempotencyKey = null,
        CancellationToken cancel = default) =>
        throw new InvalidOperationException("secret");

    public ValueTask<HistoryPage> ReadHistoryAsync(
        string room, HistoryRange range, Retention retention, CancellationToken cancel = default) =>
        throw new InvalidOperationException("secret");

    public ValueTask<bool> HasSubscribersAsync(Audience audience) => throw new InvalidOperationException("secret");

    public ValueTask<RemoteResult> SendCommandAsync(RemoteCommand command, CancellationToken cancel = default) =>
        throw new InvalidOperationException("secret");
}
