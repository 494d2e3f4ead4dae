using Gateway.Core.Messages;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Connections;

/// <summary>Where the outboxes of all connections report what they had to drop and whom they closed.</summary>
public sealed class ConnectionEvents(GatewayMeter meter, ILogger<Connection> logger)
{
    private static readonly KeyValuePair<string, object?> Gone = new("policy", "gone");
    private static readonly KeyValuePair<string, object?>[] Policies =
    [
        new("policy", "disconnect"), new("policy", "drop_oldest"), new("policy", "drop_newest"), new("policy", "latest"),
    ];

    private long _dropped;

    public ILogger Logger { get; } = logger;

    /// <summary>Messages dropped for slow consumers since the start.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    internal void CountDropped(SlowConsumerPolicy? policy, int messages)
    {
        if (policy != null) Interlocked.Add(ref _dropped, messages);
        meter.Dropped.Add(messages, policy is { } p ? Policies[(int)p] : Gone);
    }

    internal void CountClosed(CloseReason reason) => meter.Closed.Add(1, new KeyValuePair<string, object?>("reason", reason.Text));
}
