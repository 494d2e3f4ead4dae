using Gateway.Testing;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.IntegrationTests.ApplicationHubs;

/// <summary>Where the gateway does better than SignalR as it comes, so that the spec cannot be run against the reference.</summary>
public abstract class BeyondStockSpec(HubServers servers)
{
    private readonly string _group = "group " + Guid.NewGuid().ToString("N");

    private HubLifetimeManager<AnyHub> Manager => servers.Here.Manager;

    [Fact]
    public async Task SenderDoesNotWaitForAStalledConnection()
    {
        await using var stalled = await servers.There.ConnectAsync("slow", stalls: true);
        await using var far = await servers.There.ConnectAsync();
        await Manager.AddToGroupAsync(stalled.Id, _group).Within("the addition");
        await Manager.AddToGroupAsync(far.Id, _group).Within("the addition");

        for (var i = 0; i < 5; i++)
        {
            await Manager.SendGroupAsync(_group, "hear", [$"group {i}"]).Within("sending to the group");
            await Manager.SendAllAsync("hear", [$"all {i}"]).Within("sending to all");
            await Manager.SendConnectionAsync(stalled.Id, "hear", [$"one {i}"]).Within("sending to the connection");
            await Manager.SendUserAsync("slow", "hear", [$"user {i}"]).Within("sending to the user");
        }

        var heard = new List<string>();
        for (var i = 0; i < 10; i++) heard.Add((await far.NextAsync()).Arguments[0]);
        Assert.Equal(Enumerable.Range(0, 5).Select(i => $"\"group {i}\""),
            heard.Where(text => text.Contains("group", StringComparison.Ordinal)));
        Assert.Equal(Enumerable.Range(0, 5).Select(i => $"\"all {i}\""),
            heard.Where(text => text.Contains("all", StringComparison.Ordinal)));
    }
}
