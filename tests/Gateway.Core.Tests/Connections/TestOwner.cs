using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Tests.Connections;

/// <summary>Keeps what an outbox reports.</summary>
internal sealed class TestOwner : IOutboxOwner
{
    private readonly Lock _lock = new();
    private readonly List<(SlowConsumerPolicy? Policy, int Messages)> _drops = [];
    private readonly List<CloseReason> _closes = [];

    public IReadOnlyList<(SlowConsumerPolicy? Policy, int Messages)> Drops
    {
        get { lock (_lock) return [.. _drops]; }
    }

    public IReadOnlyList<CloseReason> Closes
    {
        get { lock (_lock) return [.. _closes]; }
    }

    public int Dropped => Drops.Sum(d => d.Messages);

    public int Broken { get; private set; }

    public void OnDropped(SlowConsumerPolicy? policy, int messages)
    {
        lock (_lock) _drops.Add((policy, messages));
    }

    public void OnClosing(CloseReason reason)
    {
        lock (_lock) _closes.Add(reason);
    }

    public void OnWriteFailed(Exception fault) => Broken++;
}
