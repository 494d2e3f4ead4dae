using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Domains;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Connections;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// Counts a SignalR connection from its beginning to its end, whatever its transport: between two polls there is no request to count by.
/// </summary>
internal static class HubConnectionCount
{
    public static async Task RunAsync(
        ConnectionContext connection, ConnectionDelegate next, GatewayDomain hub, SignalRRequests requests, PendingNegotiations pending)
    {
        pending.Begin(connection.ConnectionId);
        var http = connection.GetHttpContext();
        var id = http == null ? "" : SignalRRequests.IdOf(http);
        if (id.Length > 0 && !requests.TryBegin(id, http!, hub)) return; // which ends it
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
