using System.Globalization;
using System.Threading.Channels;

namespace Gateway.AspNetCore.Frames.BuiltIn;

/// <summary>The server's time as text frames: RFC 3339 in UTC with milliseconds.</summary>
internal static class ServerTime
{
    public static Frame Now(TimeProvider time) =>
        Frame.Text(time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));

    /// <summary>Sends the time at an interval until it is cancelled. If the client does not read, ticks are skipped.</summary>
    public static async Task SendAsync(ChannelWriter<Frame> outgoing, TimeSpan interval, TimeProvider time, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(interval, time);
        while (await timer.WaitForNextTickAsync(cancel)) await outgoing.WriteAsync(Now(time), cancel);
    }
}
