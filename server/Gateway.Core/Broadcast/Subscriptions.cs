using Gateway.Core.Messages;
using Gateway.Core.Supervision;

namespace Gateway.Core.Broadcast;

/// <summary>Counts the local users of each audience, and subscribes on the backplane from the first to the last.</summary>
internal sealed class Subscriptions(IBackplane backplane, Supervisor supervisor)
{
    private readonly SupervisedLoop _unsubscribing = supervisor.Loop("unsubscribe");

    // Guarded by itself. The backplane is called under the lock, so that a subscription follows an earlier unsubscription; the call does
    // not block.
    private readonly Dictionary<(AudienceKind, string), Entry> _entries = [];

    /// <summary>
    /// Adds a user of an audience, and subscribes for the first one. A failed call needs no <see cref="Release(Audience)"/>.
    /// </summary>
    /// <param name="onSubscribed">
    /// Gets the position after which messages are delivered. Called for the first user, before any call completes.
    /// </param>
    /// <exception cref="BackplaneException">The backplane is unavailable.</exception>
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
            // Without a backplane there is no subscription to end.
        }
    }

    private void Release(Audience audience, Entry? only)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue((audience.Kind, audience.Name), out var entry) || (only != null && entry != only)) return;
            if (--entry.Users > 0) return;
            _entries.Remove((audience.Kind, audience.Name));
            // Nobody awaits it: a message that still arrives has no receiver.
            _unsubscribing.Start(() => UnsubscribeAsync(audience));
        }
    }

    private sealed class Entry(Task subscribed)
    {
        public Task Subscribed { get; } = subscribed;
        public int Users { get; set; }
    }
}
