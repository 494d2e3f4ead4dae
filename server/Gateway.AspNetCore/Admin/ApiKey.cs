using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using Gateway.Core.Connections;
using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.Admin;

/// <summary>
/// Lets through who knows the key, or one of two while it is rotated. What was sent instead of it is shown nowhere. A wrong key is answered
/// late, and only so many wait at a time, so that trying keys is slow and costs little.
/// </summary>
internal sealed partial class ApiKey(AdminOptions options, GatewayMeter meter, TimeProvider time, ILogger<ApiKey> logger)
{
    public const string Header = "X-Api-Key";

    private const int MaxWaiting = 32;
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(250);

    private readonly byte[][] _hashes = [.. options.ApiKey.Select(Hash)];
    private readonly LogThrottle _log = new(time);
    private readonly Counter<long> _refused = meter.Counter(
        "gateway_admin_refused_total", "Requests to the admin API without its key, or with a wrong one.");
    private int _waiting;

    public Task CheckAsync(HttpContext context, RequestDelegate next) =>
        IsKey(context.Request.Headers[Header].ToString()) ? next(context) : RefuseAsync(context);

    /// <summary>Hashes are of one length and all of them are compared, so the time tells nothing of a key, its length included.</summary>
    private bool IsKey(string sent)
    {
        var hash = Hash(sent);
        var found = false;
        foreach (var one in _hashes) found |= CryptographicOperations.FixedTimeEquals(hash, one);
        return found;
    }

    private async Task RefuseAsync(HttpContext context)
    {
        _refused.Add(1);
        if (_log.TryEnter(out var others))
            Log.Refused(logger, context.Connection.RemoteIpAddress?.ToString() ?? "an unknown address", others);
        try
        {
            if (Interlocked.Increment(ref _waiting) > MaxWaiting)
            {
                context.Response.Headers.RetryAfter = "1";
                await Problems.Of(StatusCodes.Status429TooManyRequests, "too many wrong keys, try again later").ExecuteAsync(context);
                return;
            }
            await Task.Delay(Delay, time, context.RequestAborted);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
        await Problems.Of(StatusCodes.Status401Unauthorized, $"the header {Header} is missing or wrong").ExecuteAsync(context);
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static partial class Log
    {
        [LoggerMessage(
            1, LogLevel.Warning,
            "A request to the admin API from {Address} had no key or a wrong one ({Others} others since the last line)")]
        public static partial void Refused(ILogger logger, string address, int others);
    }
}
