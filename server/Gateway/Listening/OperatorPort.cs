using System.Net;
using Gateway.Configuration;

namespace Gateway.Listening;

/// <summary>The ports for operators: the admin API's own, and the metrics'. They listen on the loopback address unless they are told otherwise.</summary>
internal static class OperatorPort
{
    /// <summary>What leaves the machine is encrypted where the clients' port is, with the same certificate.</summary>
    public static bool UsesTls(ProgramOptions options, string host) => options.Server.Tls.Enabled && !IsLoopback(host);

    private static bool IsLoopback(string host) => !IPAddress.TryParse(host, out var address) || IPAddress.IsLoopback(address); // the one name is localhost
}
