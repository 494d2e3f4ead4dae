using System.Diagnostics.Metrics;
using Gateway.AspNetCore.Options;
using Gateway.Core.Connections;

namespace Gateway.AspNetCore.WebSockets;

/// <summary>
/// Limits the WebSocket frames of a connection that are not messages (see <see cref="FrameScanner"/>), with a token bucket: it holds
/// <c>frames</c> and refills within <c>window</c>. A bucket needs eight bytes per connection, less than a sliding window.
/// </summary>
internal sealed partial class FrameLimit
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(1);

    private readonly bool _dryRun;
    private readonly long _frame; // ticks in which one frame is refilled
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

    /// <param name="fullAt">When the connection's bucket is full again; initially 0.</param>
    /// <param name="frames">The number of frames to take.</param>
    /// <returns><c>false</c> if the connection must be closed.</returns>
    public bool TryTake(ref long fullAt, int frames)
    {
        if (_frame == 0) return true;
        var now = _time.GetTimestamp();
        var before = fullAt;
        fullAt = Math.Max(before, now) + (frames * _frame);
        if (fullAt - now <= _bucket) return true;
        if (before - now <= _bucket) _floods.Add(1); // count each flood once
        return _dryRun;
    }

    /// <summary>Logs that a connection is closed for flooding, at most once per second.</summary>
    public void LogClosed(string? address)
    {
        var (now, last) = (_time.GetTimestamp(), Interlocked.Read(ref _loggedAt));
        if (last != 0 && _time.GetElapsedTime(last, now) < LogInterval) return;
        if (Interlocked.CompareExchange(ref _loggedAt, now, last) == last) Log.Flooding(_logger, address);
    }

    private static partial class Log
    {
        [LoggerMessage(
            1, LogLevel.Information,
            "A connection from {Address} is closed for flooding: it sent too many WebSocket frames that are not messages")]
        public static partial void Flooding(ILogger logger, string? address);
    }
}
