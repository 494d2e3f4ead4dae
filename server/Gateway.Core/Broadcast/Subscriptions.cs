using Gateway.Core.Messages;
using Gateway.Core.Supervision;

namespace Gateway.Core.Broadcast;

/// <summary>Keeps the backplane's subscriptions in step with local need: subscribed to from the first user of an audience to the last.</summary>
internal sealed class Subscriptions(IBackplane backplane, Supervisor supervisor)
{
    private readonly SupervisedLoop _unsubscribing = supervisor.Loop("unsubscribe");

    // Guarded by itself. The backplane is called under the lock, which orders a subscription after the cancellation before it; it does not wait there.
    private readonly Dictionary<(AudienceKind, string), Entry> _entries = [];

    /// <summary>Completes when the subscription stands. A failed one needs no <see cref="Release(Audience)"/>.</summary>
    /// <param name="onSubscribed">Told the place after which messages come, once, by whoever is the first: ahead of everyone who waits for the subscription.</param>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    public async ValueTask AcquireAsync(Audience audience, Retention? retention = null, Action<Position>? onSubscribed = null)
    {
        Entry? entry;
        lock (_entries)
        {
            if (!_entries.TryGetValue((audience.Kind, audience.Name), out entry))
                _entries[(audience.Kind, audience.Name)] = entry = new Entry(SubscribeAsync(audience, retention, onSubscribed));
            entry.Users++;
        }
        try
        {
            await entry.Subscribed.ConfigureAwait(false);
        }
        catch
        {
            Release(audience, entry);
            throw;
        }
    }

    public void Release(Audience audience) => Release(audience, null);

    private async Task SubscribeAsync(Audience audience, Retention? retention, Action<Position>? onSubscribed)
    {
        var position = await backplane.SubscribeAsync(audience, retention).ConfigureAwait(false);
        onSubscribed?.Invoke(position);
    }

    private async Task UnsubscribeAsync(Audience audience)
    {
        try
        {
            await backplane.UnsubscribeAsync(audience).ConfigureAwait(false);
        }
        catch (BackplaneException)
        {
            // It is away: there is nothing to cancel.
        }
    }

    private void Release(Audience audience, Entry? only)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue((audience.Kind, audience.Name), out var entry) || (only != null && entry != only)) return;
            if (--entry.Users > 0) return;
            _entries.Remove((audience.Kind, audience.Name));
            // Nobody waits for a cancellation: a message that still comes finds no receiver, and if the backplane is away there is nothing to cancel.
            _unsubscribing.Start(() => UnsubscribeAsync(audience));
        }
    }

    private sealed class Entry(Task subscribed)
    {
        public Task Subscribed { get; } = subscribed;
        public int Users { get; set; }
    }
}
