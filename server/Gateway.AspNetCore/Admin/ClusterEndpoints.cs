using System.Text.Json.Nodes;
using Gateway.Core.Replicas;

namespace Gateway.AspNetCore.Admin;

/// <summary>Endpoints for the list of replicas, and for the configuration of this one.</summary>
internal static class ClusterEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(
            "/replicas",
            (IReplicaRegistry replicas) =>
                AdminJson.Ok(
                    new ReplicaList(
                        [.. replicas.All.Select(r => new ReplicaView(r.Id, r.Host, r.StartedAt, r.Connections, r.Raw, r.SignalR))])))
            .WithName("ListReplicas").WithTags("cluster").WithSummary("List the replicas")
            .WithDescription("The one that answers first; the others as of about a second ago.").Produces<ReplicaList>();
        api.MapGet("/config", (ShownOptions options) => Results.Json(ConfigurationView.Of(options)))
            .WithName("GetConfiguration").WithTags("cluster").WithSummary("Show the configuration in force")
            .WithDescription("Of the replica that answers, as its file would say it. Secrets show as ***.").Produces<JsonObject>();
    }

    private sealed record ReplicaList(IReadOnlyList<ReplicaView> Replicas);

    private sealed record ReplicaView(string Replica, string Host, DateTimeOffset StartedAt, int Connections, int Raw, int Signalr);
}
