using System.Net;
using Gateway.Configuration;
using Gateway.Listening;

namespace Gateway.Lifecycle;

/// <summary>
/// <c>gateway --health-check live|ready</c> asks a gateway that runs on this machine how it is: exit code 0 for well, 1 for not. The container's health
/// check is this command because the runtime image has no HTTP client, and its smaller variants have no shell either.
/// </summary>
internal static class HealthCheckCommand
{
    public const string Option = "--health-check";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The metrics port is preferred: it is there for this, whatever clients use.</summary>
    /// <param name="question"><c>live</c> or <c>ready</c>.</param>
    public static string UrlOf(ProgramOptions options, string question)
    {
        var (name, port, tls) = options.Metrics.Enabled
            ? (options.Metrics.Host, options.Metrics.Port, OperatorPort.UsesTls(options, options.Metrics.Host))
            : (options.Server.Host, options.Server.Port, options.Server.Tls.Enabled);
        var scheme = tls ? "https" : "http";
        var host = IPAddress.TryParse(name, out var address) && !IsAny(address) ? address.ToString() : "localhost";
        return new UriBuilder(scheme, host, port, "/health/" + question).Uri.ToString();
    }

    /// <returns>The process's exit code. The answer, or what stood in its way, goes to the console, where <c>docker inspect</c> shows it.</returns>
    public static async Task<int> RunAsync(string url)
    {
        // A proxy that the environment names for outgoing requests has no business here, and the certificate is for the name that clients use.
#pragma warning disable CA5359 // it asks this machine whether the gateway is up, and sends nothing
        using var handler = new SocketsHttpHandler { UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true } };
#pragma warning restore CA5359
        using var client = new HttpClient(handler) { Timeout = Patience };
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
