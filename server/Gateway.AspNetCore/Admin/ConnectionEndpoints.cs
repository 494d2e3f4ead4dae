using System.ComponentModel;
using Gateway.AspNetCore.Domains;
using Gateway.Core.Cluster;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Rooms;
using ConnectionInfo = Gateway.Core.Cluster.ConnectionInfo;

namespace Gateway.AspNetCore.Admin;

/// <summary>Endpoints for the connections of all replicas.</summary>
internal static class ConnectionEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/connections", ListAsync).WithName("ListConnections").WithTags("connections").WithSummary("List the connections")
            .WithDescription("Of all replicas, in the order of their ids.")
            .Produces<ConnectionList>().ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        api.MapGet("/connections/{id}", GetAsync).WithName("GetConnection").WithTags("connections").WithSummary("Show one connection")
            .Produces<ConnectionInfo>().ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        api.MapDelete("/connections/{id}", DeleteAsync).WithName("CloseConnection").WithTags("connections")
            .WithSummary("Close one connection")
            .WithDescription("With 1008 kicked. It may come again.")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> ListAsync(
        ICluster cluster, [Description("Only those of this user.")] string? user, [Description("Only those in this room.")] string? room,
        [Description("Only those of this dialect: raw, signalr or frames.")] string? dialect,
        [Description("Connections in one answer, 1 to 1000; 100 without it.")] int? limit,
        [Description("The connection_id at the end of the page before.")] string? after, CancellationToken cancel)
    {
        var (page, error) = Page.Read(limit, after);
        if (dialect is not (null or "raw" or "signalr" or "frames")) error = Error.BadRequest("dialect must be raw, signalr or frames");
        if (error != null) return Problems.Of(error);
        var query = new ClusterQuery(ClusterQueryKind.Connections)
        {
            UserId = user,
            Room = RoomName.Normalize(room),
            Dialect = dialect,
            After = page.After,
            Limit = page.Limit,
        };
        var replies = await cluster.QueryAsync(query, cancel);
        var (connections, next) = page.Of(replies.All.SelectMany(a => a.Connections), c => c.ConnectionId);
        return AdminJson.Ok(new ConnectionList(connections, next, replies.TimedOut));
    }

    private static async Task<IResult> GetAsync(
        string id, HttpContext context, GatewayDomains domains, ICluster cluster, CancellationToken cancel)
    {
        var silent = 0;
        foreach (var target in RequestDomain.IsGiven(context) ? [cluster] : domains.All.Select(h => h.Get<ICluster>()))
        {
            var replies = await target.QueryAsync(new ClusterQuery(ClusterQueryKind.Connections) { ConnectionId = id, Limit = 1 }, cancel);
            if (replies.All.SelectMany(a => a.Connections).FirstOrDefault() is { } connection) return AdminJson.Ok(connection);
            silent += replies.TimedOut;
        }
        return silent > 0 ? Problems.Of(StatusCodes.Status503ServiceUnavailable, "a replica did not answer") : NotConnected(id);
    }

    private static async Task<IResult> DeleteAsync(string id, HttpContext context, GatewayDomains domains, Moderator moderator)
    {
        foreach (var target in RequestDomain.IsGiven(context) ? [moderator] : domains.All.Select(h => h.Get<Moderator>()))
            if (await target.KickAsync(null, id, null, UserEndpoints.By) > 0)
                return Results.NoContent();
        return NotConnected(id);
    }

    private static IResult NotConnected(string id) => Problems.Of(Error.NotFound($"connection {id} is not connected"));

    /// <param name="Next">The <c>after</c> value of the next page, if there may be one.</param>
    /// <param name="SilentReplicas">The number of replicas that did not reply in time. Their connections are missing.</param>
    private sealed record ConnectionList(IReadOnlyList<ConnectionInfo> Connections, string? Next, int SilentReplicas);
}
