using System.Text.Json;
using Gateway.IntegrationTests.Admin;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>Clients see by which replica they are served, and nothing of its machine; operators see both.</summary>
public sealed class ReplicaNameTests
{
    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task HostIsTheOperatorsBusiness(Kind kind)
    {
        await using var gateway = await GatewayProcess.StartAsync("--admin:api_key=" + AdminClient.Key, "--metrics_stream:interval_ms=100");
        await using var client = await Clients.ConnectAsync(kind, gateway.Server, "?rooms=metrics");
        using var admin = new AdminClient(gateway.Server);
        var replica = client.Welcome.GetProperty("replica").GetString()!;
        var figures = await client.NextAsync("metrics");

        Assert.Matches("^r-[0-9a-f]{12}$", replica);
        Assert.Equal(replica, figures.Text("replica"));
        using var replicas = JsonDocument.Parse((await admin.GetAsync("replicas")).Body);
        var one = Assert.Single(replicas.RootElement.GetProperty("replicas").EnumerateArray());
        Assert.Equal((replica, Environment.MachineName), (one.GetProperty("replica").GetString(), one.GetProperty("host").GetString()));
        Assert.Contains($"replica {replica} on {Environment.MachineName}", gateway.Output, StringComparison.Ordinal);
    }
}
