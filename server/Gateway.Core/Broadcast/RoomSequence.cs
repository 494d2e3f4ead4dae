using System.Security.Cryptography;
using Gateway.Core.Messages;

namespace Gateway.Core.Broadcast;

/// <summary>One room's messages in the memory of this process: numbered, the newest kept, and the keys of those that must not come twice. Guarded by itself.</summary>
internal sealed class RoomSequence(TimeProvider time)
{
    /// <summary>More keys than this are not remembered: the oldest make way before their time.</summary>
    private const int MaxKeys = 100_000;

    private readonly Queue<(HistoryMessage Message, long At)> _kept = [];
    private readonly Dictionary<string, PublishResult> _once = new(StringComparer.Ordinal);
    private readonly Queue<(string Key, long At)> _onceInOrder = [];
    private long _lastUsed = time.GetTimestamp();
    private TimeSpan _lifetime;

    /// <summary>Somebody listens to the room.</summary>
    public bool HasListeners { get; set; }

    /// <summary>It is out of the table: whoever still holds it asks the table again.</summary>
    public bool HasEnded { get; set; }

    public Position Last { get; private set; } = new(RandomNumberGenerator.GetHexString(8, lowercase: true), 0);

    public long KeptBytes { get; private set; }

    public long LastUsed => _lastUsed;

    /// <summary>Nobody listens, nothing is remembered.</summary>
    public bool IsIdle => !HasListeners && _kept.Count == 0 && _once.Count == 0;

    public Position Number(Audience audience, Message message, Retention retention)
    {
        _lastUsed = time.GetTimestamp();
        Last = Last with { Offset = Last.Offset + 1 };
        if (retention.Messages == 0) return Last;
        var past = new HistoryMessage(Last.Offset, audience, message);
        _kept.Enqueue((past, _lastUsed));
        KeptBytes += past.ApproximateBytes;
        _lifetime = retention.Lifetime;
        while (_kept.Count > retention.Messages) Forget();
        ForgetOld();
        return Last;
    }

    public bool TryFind(string key, TimeSpan window, out PublishResult first)
    {
        ForgetKeys(window);
        return _once.TryGetValue(key, out first);
    }

    public void Remember(string key, PublishResult published)
    {
        _once[key] = published;
        _onceInOrder.Enqueue((key, time.GetTimestamp()));
        if (_onceInOrder.Count > MaxKeys) _once.Remove(_onceInOrder.Dequeue().Key);
    }

    public HistoryPage Read(HistoryRange range)
    {
        var matching = _kept.Select(k => k.Message).Where(m => m.Offset > range.After && m.Offset < range.Before);
        if (range.FromTheEnd) matching = matching.Reverse();
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
        if (range.FromTheEnd) page.Reverse();
        return new HistoryPage(Last, page, more);
    }

    public void ForgetKeys(TimeSpan window)
    {
        while (_onceInOrder.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) > window) _once.Remove(_onceInOrder.Dequeue().Key);
    }

    public void ForgetOld()
    {
        while (_kept.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) > _lifetime) Forget();
    }

    public void ForgetAll()
    {
        _kept.Clear();
        KeptBytes = 0;
    }

    private void Forget() => KeptBytes -= _kept.Dequeue().Message.ApproximateBytes;
}
