using System.Collections.Concurrent;
using Gateway.Core.Supervision;

namespace Gateway.Core.Idempotency;

/// <summary>Knows for a time which requests have been made under a key of their maker's, so that one that is made again is not carried out again, on any replica.</summary>
public interface IIdempotencyKeys
{
    /// <param name="fingerprint">Of the request: the same for the same one.</param>
    /// <exception cref="Broadcast.BackplaneException">The backplane is away.</exception>
    ValueTask<IdempotencyKeyState> ClaimAsync(string key, string fingerprint);

    /// <summary>The request was not carried out: the key is free again.</summary>
    ValueTask ReleaseAsync(string key);
}

public enum IdempotencyKeyState
{
    /// <summary>Not known until now.</summary>
    New = 0,

    /// <summary>Known, for the same request.</summary>
    Same = 1,

    /// <summary>Known, for another one.</summary>
    Other = 2,
}

/// <summary>The keys of a gateway that has one replica.</summary>
internal sealed class InProcessIdempotencyKeys : IIdempotencyKeys, IDisposable
{
    private readonly ConcurrentDictionary<string, (string Fingerprint, long At)> _known = new(StringComparer.Ordinal);
    private readonly TimeSpan _lifetime;
    private readonly TimeProvider _time;
    private readonly ITimer _sweep;

    public InProcessIdempotencyKeys(TimeSpan lifetime, Supervisor supervisor, TimeProvider time)
    {
        (_lifetime, _time) = (lifetime, time);
        _sweep = supervisor.Loop("request_keys_sweep").Every(lifetime, Sweep);
    }

    public ValueTask<IdempotencyKeyState> ClaimAsync(string key, string fingerprint)
    {
        var mine = (fingerprint, _time.GetTimestamp());
        while (true)
        {
            var known = _known.GetOrAdd(key, mine);
            if (known == mine) return new(IdempotencyKeyState.New);
            if (_time.GetElapsedTime(known.At) < _lifetime) return new(known.Fingerprint == fingerprint ? IdempotencyKeyState.Same : IdempotencyKeyState.Other);
            _known.TryRemove(new(key, known));
        }
    }

    public ValueTask ReleaseAsync(string key)
    {
        _known.TryRemove(key, out _);
        return default;
    }

    public void Dispose() => _sweep.Dispose();

    private void Sweep()
    {
        foreach (var (key, known) in _known)
            if (_time.GetElapsedTime(known.At) >= _lifetime)
                _known.TryRemove(new(key, known));
    }
}
