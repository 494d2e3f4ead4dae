using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using Gateway.Core.Connections;

namespace Gateway.Admin;

/// <summary>Lets through who knows the key. What was sent instead of it is shown nowhere.</summary>
internal sealed class ApiKey(string key, GatewayMeter meter)
{
    public const string Header = "X-Api-Key";

    private readonly byte[] _hash = Hash(key);
    private readonly Counter<long> _refused = meter.Counter("gateway_admin_refused_total", "Requests to the admin API without its key, or with a wrong one.");

    public Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        // Hashes are of one length, so the time tells nothing of the key, its length included.
        if (CryptographicOperations.FixedTimeEquals(Hash(context.Request.Headers[Header].ToString()), _hash)) return next(context);
        _refused.Add(1);
        return Problems.Of(StatusCodes.Status401Unauthorized, $"the header {Header} is missing or wrong").ExecuteAsync(context);
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
