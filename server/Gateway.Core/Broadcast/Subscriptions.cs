using Gateway.Core.Messages;

namespace Gateway.Core.Broadcast;

/// <summary>Keeps the backplane's subscriptions in step with local need: subscribed to from the first user of an audience to the last.</summary>
internal sealed class Subscriptions(IBackplane backplane)
{
    // Guarded by itself. The backplane is called under the lock, which orders a subscription after the cancellation before it; it does not wait there.
    private readonly Dictionary<(AudienceKind, string), Entry> _entries = [];

    /// <summary>Completes when the subscription stands. A failed one needs no <see cref="Release"/>.</summary>
    /// <exception cref="BackplaneException">The backplane is away.</exception>
    public async ValueTask<Position> AcquireAsync(Audience audience, Retention? retention = null)
    {
        Entry? entry;
        lock (_entries)
        {
            if (!_entries.TryGetValue((audience.Kind, audience.Name), out entry))
                _entries[(audience.Kind, audience.Name)] = entry = new Entry(backplane.SubscribeAsync(audience, retention).AsTask());
            entry.Users++;
        }
        try
        {
            return await entry.Subscribed.ConfigureAwait(false);
        }
        catch
        {
            Release(audience, entry);
            throw;
        }
    }

    public void Release(Audience audience) => Release(audience, null);

    private void Release(Audience audience, Entry? only)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue((audience.Kind, audience.Name), out var entry) || (only != null && entry != only)) return;
            if (--entry.Users > 0) return;
            _entries.Remove((audience.Kind, audience.Name));
            // Nobody waits for a cancellation: a message that still comes finds no receiver, and if the backplane is away there is nothing to cancel.
            _ = backplane.UnsubscribeAsync(audience).AsTask().ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
        }
    }

    private sealed class Entry(Task<Position> subscribed)
    {
        public Task<Position> Subscribed { get; } = subscribed;
        public int Users { get; set; }
    }
}
