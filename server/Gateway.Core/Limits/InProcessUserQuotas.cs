using Gateway.Core.Supervision;

namespace Gateway.Core.Limits;

/// <summary>The quotas of a single replica: a sliding window for each user who sent something recently.</summary>
internal sealed class InProcessUserQuotas(
    int messages, TimeSpan window, Supervisor supervisor, TimeProvider time) : IUserQuotas, IDisposable
{
    private readonly SlidingWindows<string> _sent = new(messages, window, supervisor, time, StringComparer.Ordinal);

    public void Prefetch(string userId)
    {
    }

    public bool TryAcquire(string userId, out TimeSpan retryAfter) => _sent.TryAdd(userId, out retryAfter);

    public void Dispose() => _sent.Dispose();
}
