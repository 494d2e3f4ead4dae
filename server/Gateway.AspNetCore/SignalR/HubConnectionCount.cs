using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Domains;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Connections;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// Counts a SignalR connection from its start to its end, whatever its transport. Between two polls there is no request to count.
/// </summary>
internal static class HubConnectionCount
{
    public static async Task RunAsync(
        ConnectionContext connection, ConnectionDelegate next, GatewayDomain domain, SignalRRequests requests, PendingNegotiations pending)
    {
        pending.Complete(connection.ConnectionId);
        var http = connection.GetHttpContext();
        var id = http == null ? "" : SignalRRequests.IdOf(http);
        if (id.Length > 0 && !requests.TryStart(id, http!, domain)) return; // returning ends the connection
        try
        {
            await next(connection);
        }
        finally
        {
            if (id.Length > 0) requests.End(id);
        }
    }
}
