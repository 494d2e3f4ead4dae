using System.Collections.Concurrent;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Supervision;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Core.Tests.Broadcast;

/// <summary>The in-process backplane with a count of its subscriptions, a gate that can be closed, and a way to go away.</summary>
internal sealed class WatchedBackplane(bool crossesReplicas = false) : IBackplane
{
    private readonly InProcessBackplane _inner = new(
        new InProcessBackplaneLimits(TimeSpan.FromMinutes(5), 1_000_000),
        new Supervisor(TimeProvider.System, NullLogger<Supervisor>.Instance), TimeProvider.System);
    private readonly ConcurrentDictionary<(AudienceKind, string), int> _subscribed = [];
    private int _unbalanced;

    public bool CrossesReplicas => crossesReplicas;

    /// <summary>Every operation fails.</summary>
    public bool IsAway { get; set; }

    /// <summary>What a subscription waits for.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Audiences that are subscribed to now.</summary>
    public IEnumerable<string> Subscribed => _subscribed.Where(s => s.Value == 1).Select(s => s.Key.Item2);

    /// <summary>How often something was subscribed to, or cancelled, twice.</summary>
    public int Unbalanced => Volatile.Read(ref _unbalanced);

    public void Start(IBackplaneReceiver receiver) => _inner.Start(receiver);

    public async ValueTask<Position> SubscribeAsync(Audience audience, Retention? retention = null)
    {
        Count(audience, 1);
        try
        {
            await Gate;
            ThrowIfAway();
            return await _inner.SubscribeAsync(audience, retention);
        }
        catch (BackplaneException)
        {
            Count(audience, 0);
            throw;
        }
    }

    public ValueTask UnsubscribeAsync(Audience audience)
    {
        if (IsAway) return default; // there is nothing to cancel
        Count(audience, 0);
        return _inner.UnsubscribeAsync(audience);
    }

    public ValueTask<PublishResult> PublishAsync(
        Audience audience, Message message, Retention? retention = null, string? idempotencyKey = null, CancellationToken cancel = default)
    {
        ThrowIfAway();
        return _inner.PublishAsync(audience, message, retention, idempotencyKey, cancel);
    }

    public ValueTask<HistoryPage> ReadHistoryAsync(string room, HistoryRange range, Retention retention, CancellationToken cancel = default)
    {
        ThrowIfAway();
        return _inner.ReadHistoryAsync(room, range, retention, cancel);
    }

    public ValueTask<bool> HasSubscribersAsync(Audience audience) => _inner.HasSubscribersAsync(audience);

    public ValueTask<RemoteResult> SendCommandAsync(RemoteCommand command, CancellationToken cancel = default) =>
        _inner.SendCommandAsync(command, cancel);

    private void Count(Audience audience, int subscribed)
    {
        var was = 1 - subscribed;
        if (subscribed == 1 && _subscribed.TryAdd((audience.Kind, audience.Name), 1)) return;
        if (!_subscribed.TryUpdate((audience.Kind, audience.Name), subscribed, was)) Interlocked.Increment(ref _unbalanced);
    }

    private void ThrowIfAway()
    {
        if (IsAway) throw new BackplaneException("away");
    }
}
