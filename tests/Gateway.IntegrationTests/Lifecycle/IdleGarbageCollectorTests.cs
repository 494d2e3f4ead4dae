using Gateway.Testing;

namespace Gateway.IntegrationTests.Lifecycle;

/// <summary>Memory that a rush has taken goes back to the system when it is quiet.</summary>
public sealed class IdleGarbageCollectorTests
{
    [Fact]
    public async Task MemoryOfARushRightAfterTheStartComesBack()
    {
        await using var gateway = await GatewayProcess.StartAsync("--metrics_stream:enabled=false", "--logging:level=debug");
        await using var client = await RawClient.ConnectAsync(gateway.Server, "?rooms=lobby");
        var content = new string('x', 30_000);

        for (var i = 0; i < 500; i++) await client.RequestAsync("chat", new { room = "lobby", content });

        await Deadline.Until(
            () => gateway.Output.Contains("IdleGarbageCollector[1]", StringComparison.Ordinal), "what it left behind is collected",
            TimeSpan.FromSeconds(30));
    }
}
