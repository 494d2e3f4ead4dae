using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json;

namespace Gateway.Core.Connections;

/// <summary>Every instrument of the gateway, under the names that Prometheus shows; docs/operations.md explains each.</summary>
internal sealed class GatewayMeter : IDisposable
{
    public const string Name = "Gateway";

    private static readonly KeyValuePair<string, object?>[] DialectLabels =
        [.. Dialects.All.Select(d => new KeyValuePair<string, object?>("dialect", d.Name()))];

    private static readonly KeyValuePair<string, object?>[] ReasonLabels =
        [.. DisconnectReasons.All.Select(r => new KeyValuePair<string, object?>("reason", NameOf(r)))];

    private static readonly double[] Buckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

    private readonly Meter _meter;
    private readonly ConcurrentQueue<(Counter<long> Counter, KeyValuePair<string, object?>[] Labels)> _zeros = [];
    private readonly Counter<long> _received;
    private readonly Counter<long> _connected;
    private readonly Counter<long> _disconnected;
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _rateLimited;
    private readonly Counter<long> _mutedFrames;
    private readonly Histogram<double> _publishToSocket;
    private readonly long[] _receivedTotals = new long[Dialects.All.Count];
    private readonly long[] _deliveredTotals = new long[Dialects.All.Count];
    private long _published;
    private long _mutedFramesTotal;

    /// <param name="factory">The host's factory, which keeps two gateways in one process apart.</param>
    /// <param name="domain">The domain, for the tag <c>hub</c>; empty for the default domain, which has no such tag.</param>
    public GatewayMeter(IMeterFactory? factory = null, string domain = "")
    {
        var options = new MeterOptions(Name) { Tags = domain.Length == 0 ? null : [new("hub", domain)] };
        _meter = factory?.Create(options) ?? new Meter(options);
        _received = _meter.CreateCounter<long>("websocket_messages_total", description: "Messages received from clients.");
        _connected = _meter.CreateCounter<long>("websocket_connections_total", description: "Connections accepted.");
        _disconnected = _meter.CreateCounter<long>("websocket_disconnections_total", description: "Connections ended, by why.");
        _delivered = _meter.CreateCounter<long>(
            "gateway_deliveries_total", description: "Messages handed to connections' outboxes, one for each receiver.");
        _rateLimited = _meter.CreateCounter<long>(
            "gateway_rate_limited_total", description: "Messages refused because their sender sent too many.");
        _mutedFrames = Counter("gateway_muted_frames_total", "Frames of muted users that were not relayed.");
        Dropped = Counter(
            "gateway_dropped_total", "Messages that a connection did not get, by the policy that dropped them.", "policy",
            ConnectionEvents.DropLabels);
        LoopFaults = _meter.CreateCounter<long>(
            "gateway_loop_faults_total", description: "Faults that a loop of the gateway survived, by loop.");
        Closed = Counter("gateway_closed_total", "Connections that the gateway closed, by reason.", "reason", ConnectionEvents.CloseLabels);
        _publishToSocket = _meter.CreateHistogram("gateway_publish_to_socket_seconds", "s",
            "From a message's arrival at the fan-out to its being with the last local receiver's socket or outbox.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets });
    }

    /// <summary>Faults by loop: see <see cref="Supervision.Supervisor"/>.</summary>
    public Counter<long> LoopFaults { get; }

    internal Counter<long> Dropped { get; }
    internal Counter<long> Closed { get; }

    /// <summary>Messages from clients since the start.</summary>
    public long Received => Sum(_receivedTotals);

    /// <summary>Deliveries since the start.</summary>
    public long Delivered => Sum(_deliveredTotals);

    /// <summary>Messages that passed the fan-out since the start. Each counts once.</summary>
    public long Published => Volatile.Read(ref _published);

    /// <summary>Frames of muted users that were not relayed, since the start.</summary>
    public long MutedFrames => Interlocked.Read(ref _mutedFramesTotal);

    /// <summary>
    /// Registers the gauges, and sets all counters to 0. Called when the listener of the metrics page has started, because it gets nothing
    /// that was added before.
    /// </summary>
    public void Observe(ConnectionTable connections, Func<int> rooms)
    {
        foreach (var (counter, labels) in _zeros) counter.Add(0, labels);
        foreach (var dialect in DialectLabels)
        {
            foreach (var reason in ReasonLabels) _disconnected.Add(0, dialect, reason);
            foreach (var counter in new[] { _received, _connected, _delivered, _rateLimited })
                counter.Add(0, dialect); // so that the counter is on the page before its first event
        }
        _meter.CreateObservableGauge(
            "websocket_connected_clients",
            () => Dialects.All.Select(d => new Measurement<int>(connections.CountOf(d), DialectLabels[(int)d])),
            description: "Connections now.");
        _meter.CreateObservableGauge("gateway_rooms", rooms, description: "Rooms that have members on this replica.");
        _meter.CreateObservableGauge(
            "gateway_outbox_messages", () => connections.Snapshot().Sum(c => c.Outbox.Depth),
            description: "Messages waiting in all outboxes.");
    }

    /// <summary>Creates a gauge for another part of the gateway, such as the backplane.</summary>
    public void Gauge(string name, string description, Func<long> read) =>
        _meter.CreateObservableGauge(name, read, description: description);

    /// <summary>Creates a counter whose value is read on collection.</summary>
    public void Counter(string name, string description, Func<long> read) =>
        _meter.CreateObservableCounter(name, read, description: description);

    /// <summary>Creates a counter for another part of the gateway. It starts at 0, so <c>rate()</c> misses no first event.</summary>
    public Counter<long> Counter(string name, string description)
    {
        var counter = _meter.CreateCounter<long>(name, description: description);
        StartAtZero(counter, []);
        return counter;
    }

    /// <summary>Creates a counter with a label whose values are known.</summary>
    public Counter<long> Counter(string name, string description, string label, IEnumerable<string> values)
    {
        var counter = _meter.CreateCounter<long>(name, description: description);
        foreach (var value in values) StartAtZero(counter, [new KeyValuePair<string, object?>(label, value)]);
        return counter;
    }

    internal void CountReceived(Dialect dialect)
    {
        Interlocked.Increment(ref _receivedTotals[(int)dialect]);
        _received.Add(1, DialectLabels[(int)dialect]);
    }

    internal void CountConnected(Dialect dialect) => _connected.Add(1, DialectLabels[(int)dialect]);

    internal void CountDisconnected(Dialect dialect, DisconnectReason reason) =>
        _disconnected.Add(1, DialectLabels[(int)dialect], ReasonLabels[(int)reason]);

    internal static string LabelOf(DisconnectReason reason) => (string)ReasonLabels[(int)reason].Value!;

    internal void CountDelivered(Dialect dialect, int count)
    {
        if (count == 0) return;
        Interlocked.Add(ref _deliveredTotals[(int)dialect], count);
        _delivered.Add(count, DialectLabels[(int)dialect]);
    }

    internal void CountPublished() => Interlocked.Increment(ref _published);

    internal void CountRateLimited(Dialect dialect) => _rateLimited.Add(1, DialectLabels[(int)dialect]);

    internal void CountMutedFrame()
    {
        Interlocked.Increment(ref _mutedFramesTotal);
        _mutedFrames.Add(1);
    }

    internal void RecordPublishToSocket(TimeSpan time) => _publishToSocket.Record(time.TotalSeconds);

    public void Dispose() => _meter.Dispose();

    private void StartAtZero(Counter<long> counter, KeyValuePair<string, object?>[] labels)
    {
        _zeros.Enqueue((counter, labels));
        counter.Add(0, labels);
    }

    private static string NameOf(DisconnectReason reason) => JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString());

    private static long Sum(long[] totals)
    {
        var sum = 0L;
        for (var i = 0; i < totals.Length; i++) sum += Volatile.Read(ref totals[i]);
        return sum;
    }
}
