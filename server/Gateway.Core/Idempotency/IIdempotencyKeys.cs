using System.Collections.Concurrent;
using Gateway.Core.Supervision;

namespace Gateway.Core.Idempotency;

/// <summary>
/// Remembers the idempotency keys of requests for some time, so that a repeated request is not executed again on any replica.
/// </summary>
public interface IIdempotencyKeys
{
    /// <summary>Claims a key for a request.</summary>
    /// <param name="key">The key that the client sent.</param>
    /// <param name="fingerprint">A hash of the request. The same request has the same fingerprint.</param>
    /// <exception cref="Broadcast.BackplaneException">The backplane is unavailable.</exception>
    ValueTask<IdempotencyKeyState> ClaimAsync(string key, string fingerprint);

    /// <summary>Releases a key, because its request was not executed.</summary>
    ValueTask ReleaseAsync(string key);
}

/// <summary>The state of an idempotency key before it was claimed.</summary>
public enum IdempotencyKeyState
{
    /// <summary>The key is new.</summary>
    New = 0,

    /// <summary>The key is known for the same request.</summary>
    Same = 1,

    /// <summary>The key is known for another request.</summary>
    Other = 2,
}

/// <summary>The keys of a single replica.</summary>
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
            if (_time.GetElapsedTime(known.At) < _lifetime)
                return new(known.Fingerprint == fingerprint ? IdempotencyKeyState.Same : IdempotencyKeyState.Other);
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
