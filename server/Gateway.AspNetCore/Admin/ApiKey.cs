using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using Gateway.Core.Connections;
using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.Admin;

/// <summary>
/// Checks the key of a request, or one of two while it is rotated. A wrong key is never logged. The response to a wrong key is delayed, and
/// the number of delayed responses is limited, so that guessing is slow and cheap to resist.
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

    /// <summary>Compares all hashes, which have the same length, so the time reveals nothing about a key, not even its length.</summary>
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
            "Rejected a request to the admin API from {Address}: its key is missing or wrong ({Others} others since the last entry)")]
        public static partial void Refused(ILogger logger, string address, int others);
    }
}
