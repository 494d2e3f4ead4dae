using System.Diagnostics.Metrics;
using Gateway.AspNetCore.Options;
using Gateway.Core.Connections;

namespace Gateway.AspNetCore.WebSockets;

/// <summary>
/// How many WebSocket frames that are no message of their own (see <see cref="FrameScanner"/>) a connection may send: a bucket that holds
/// <c>frames</c> and fills up again within <c>window</c>. It takes eight bytes of a connection, also of one that answers a ping now and
/// then; so it is no sliding window.
/// </summary>
internal sealed partial class FrameLimit
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(1);

    private readonly bool _dryRun;
    private readonly long _frame; // timestamps that one frame takes to come back
    private readonly long _bucket;
    private readonly TimeProvider _time;
    private readonly Counter<long> _floods;
    private readonly ILogger<FrameLimit> _logger;
    private long _loggedAt;

    public FrameLimit(GatewayOptions options, GatewayMeter meter, TimeProvider time, ILogger<FrameLimit> logger)
    {
        var limit = options.RateLimit.ControlFrames;
        (_time, _logger, _dryRun) = (time, logger, options.RateLimit.DryRun);
        _floods = meter.Counter(
            "gateway_frame_floods_total",
            "Connections that sent too many WebSocket frames that are no messages: pings, pongs, small fragments, empty frames.");
        if (limit.Frames == 0) return;
        _frame = Math.Max(1, (long)(limit.Window.TotalSeconds * time.TimestampFrequency / limit.Frames));
        _bucket = _frame * limit.Frames;
    }

    /// <param name="fullAt">When the connection's bucket is full again; 0 at first.</param>
    /// <returns>False if the connection is to be closed.</returns>
    public bool TryTake(ref long fullAt, int frames)
    {
        if (_frame == 0) return true;
        var now = _time.GetTimestamp();
        var before = fullAt;
        fullAt = Math.Max(before, now) + (frames * _frame);
        if (fullAt - now <= _bucket) return true;
        if (before - now <= _bucket) _floods.Add(1); // each flood once
        return _dryRun;
    }

    /// <summary>The connection is closed for it.</summary>
    public void NoteClosed(string? address)
    {
        var (now, last) = (_time.GetTimestamp(), Interlocked.Read(ref _loggedAt));
        if (last != 0 && _time.GetElapsedTime(last, now) < LogInterval) return;
        if (Interlocked.CompareExchange(ref _loggedAt, now, last) == last) Log.Flooding(_logger, address);
    }

    private static partial class Log
    {
        [LoggerMessage(
            1, LogLevel.Information,
            "A connection from {Address} sent too many WebSocket frames that are no messages, and is closed for flooding")]
        public static partial void Flooding(ILogger logger, string? address);
    }
}
