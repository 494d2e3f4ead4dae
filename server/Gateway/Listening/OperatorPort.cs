using System.Net;
using Gateway.Configuration;

namespace Gateway.Listening;

/// <summary>The ports for operators: the admin API's and the metrics page's. By default they listen on the loopback address.</summary>
internal static class OperatorPort
{
    /// <summary>
    /// An operators' port that is reachable from other machines uses TLS if the clients' port does, with the same certificate.
    /// </summary>
    public static bool UsesTls(ProgramOptions options, string host) => options.Server.Tls.Enabled && !IsLoopback(host);

    private static bool IsLoopback(string host) =>
        !IPAddress.TryParse(host, out var address) || IPAddress.IsLoopback(address); // the only allowed name is localhost
}
