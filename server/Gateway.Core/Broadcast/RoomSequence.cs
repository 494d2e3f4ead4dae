using System.Security.Cryptography;
using Gateway.Core.Messages;

namespace Gateway.Core.Broadcast;

/// <summary>A room's sequence in memory: its position, history and idempotency keys. Guarded by itself.</summary>
internal sealed class RoomSequence(TimeProvider time)
{
    /// <summary>The maximum number of keys. Over it, the oldest expire early.</summary>
    private const int MaxKeys = 100_000;

    private readonly Queue<(HistoryMessage Message, long At)> _history = [];
    private readonly Dictionary<string, PublishResult> _keys = new(StringComparer.Ordinal);
    private readonly Queue<(string Key, long At)> _keyOrder = [];
    private long _lastUsed = time.GetTimestamp();
    private TimeSpan _lifetime;

    /// <summary>Whether the room has subscribers.</summary>
    public bool HasSubscribers { get; set; }

    /// <summary>Whether it has been removed from the table. The caller then looks it up again.</summary>
    public bool IsRemoved { get; set; }

    public Position Last { get; private set; } = new(RandomNumberGenerator.GetHexString(8, lowercase: true), 0);

    public long HistoryBytes { get; private set; }

    public long LastUsed => _lastUsed;

    /// <summary>Whether there are no subscribers, no history and no keys.</summary>
    public bool IsIdle => !HasSubscribers && _history.Count == 0 && _keys.Count == 0;

    public Position Append(Audience audience, Message message, Retention retention)
    {
        _lastUsed = time.GetTimestamp();
        Last = Last with { Offset = Last.Offset + 1 };
        if (retention.Messages == 0) return Last;
        var past = new HistoryMessage(Last.Offset, audience, message);
        _history.Enqueue((past, _lastUsed));
        HistoryBytes += past.ApproximateBytes;
        _lifetime = retention.Lifetime;
        while (_history.Count > retention.Messages) RemoveOldest();
        ExpireHistory();
        return Last;
    }

    public bool TryFindKey(string key, TimeSpan window, out PublishResult first)
    {
        ExpireKeys(window);
        return _keys.TryGetValue(key, out first);
    }

    public void AddKey(string key, PublishResult published)
    {
        _keys[key] = published;
        _keyOrder.Enqueue((key, time.GetTimestamp()));
        if (_keyOrder.Count > MaxKeys) _keys.Remove(_keyOrder.Dequeue().Key);
    }

    public HistoryPage Read(HistoryRange range)
    {
        var matching = _history.Select(k => k.Message).Where(m => m.Offset > range.After && m.Offset < range.Before);
        if (range.FromEnd) matching = matching.Reverse();
        var page = new List<HistoryMessage>();
        var bytes = 0;
        var more = false;
        foreach (var message in matching)
        {
            more = page.Count == range.Limit || (page.Count > 0 && bytes + message.ApproximateBytes > range.MaxBytes);
            if (more) break;
            page.Add(message);
            bytes += message.ApproximateBytes;
        }
        if (range.FromEnd) page.Reverse();
        return new HistoryPage(Last, page, more);
    }

    public void ExpireKeys(TimeSpan window)
    {
        while (_keyOrder.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) > window) _keys.Remove(_keyOrder.Dequeue().Key);
    }

    public void ExpireHistory()
    {
        while (_history.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) > _lifetime) RemoveOldest();
    }

    public void ClearHistory()
    {
        _history.Clear();
        HistoryBytes = 0;
    }

    private void RemoveOldest() => HistoryBytes -= _history.Dequeue().Message.ApproximateBytes;
}
