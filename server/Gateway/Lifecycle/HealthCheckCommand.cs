using System.Net;
using Gateway.Configuration;
using Gateway.Listening;

namespace Gateway.Lifecycle;

/// <summary>
/// <c>gateway --health-check live|ready</c> reads the health of a gateway that runs on this machine: exit code 0 for healthy, 1 otherwise.
/// The container's health check uses it, because the runtime image has no HTTP client and its smaller variants have no shell.
/// </summary>
internal static class HealthCheckCommand
{
    public const string Option = "--health-check";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    /// <summary>The URL of the health endpoint, on the metrics port if there is one.</summary>
    /// <param name="options">The configuration of the gateway.</param>
    /// <param name="check"><c>live</c> or <c>ready</c>.</param>
    public static string UrlOf(ProgramOptions options, string check)
    {
        var (name, port, tls) = options.Metrics.Enabled
            ? (options.Metrics.Host, options.Metrics.Port, OperatorPort.UsesTls(options, options.Metrics.Host))
            : (options.Server.Host, options.Server.Port, options.Server.Tls.Enabled);
        var scheme = tls ? "https" : "http";
        var host = IPAddress.TryParse(name, out var address) && !IsAny(address) ? address.ToString() : "localhost";
        return new UriBuilder(scheme, host, port, "/health/" + check).Uri.ToString();
    }

    /// <returns>The exit code of the process. The response or the error goes to the console, where <c>docker inspect</c> shows
    /// it.</returns>
    public static async Task<int> RunAsync(string url)
    {
        // A proxy for outgoing requests must not be used here, and the certificate is for the name that clients use.
#pragma warning disable CA5359 // the request goes to this machine and contains no data
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
        };
#pragma warning restore CA5359
        using var client = new HttpClient(handler) { Timeout = Timeout };
        try
        {
            using var response = await client.GetAsync(new Uri(url));
            Console.WriteLine(await response.Content.ReadAsStringAsync());
            return response.StatusCode is HttpStatusCode.OK ? 0 : 1;
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException or UriFormatException)
        {
            Console.WriteLine($"{url}: {fault.Message}");
            return 1;
        }
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
