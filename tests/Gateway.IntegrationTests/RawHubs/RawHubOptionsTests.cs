using Gateway.Testing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.IntegrationTests.RawHubs;

/// <summary>What the application has set for its hub holds for raw clients too.</summary>
public sealed class RawHubOptionsTests
{
    [Fact]
    public async Task FiltersOfTheHubRun()
    {
        var notes = new Journal();
        await using var app = await HubApplication.StartAsync(
            hub: options => options.AddFilter(new NotingFilter(notes, "global")),
            add: services => services.AddSignalR().AddHubOptions<ToolHub>(options => options.AddFilter(new NotingFilter(notes, "own"))));
        await using var client = await app.ConnectAsync();
        Assert.Equal(5, (await client.RequestAsync("Add", new[] { 2, 3 })).GetInt32());
        await client.CloseAsync();
        foreach (var filter in new[] { "global", "own" })
        {
            Assert.True(notes.Has($"{filter} connected"));
            Assert.True(notes.Has($"{filter} Add(2,3)"));
            await Deadline.Until(() => notes.Has($"{filter} disconnected"), "the end is told");
        }
    }

    [Fact]
    public async Task OptionsOfTheHubItselfWin()
    {
        await using var app = await HubApplication.StartAsync(
            hub: options => options.MaximumReceiveMessageSize = 10_000,
            add: services => services.AddSignalR().AddHubOptions<ToolHub>(options =>
            {
                options.MaximumReceiveMessageSize = 100;
                options.EnableDetailedErrors = true;
            }));
        using var client = await app.OpenAsync();
        Assert.Contains("a secret detail", await client.AskAsync("""{"type":"Boom","id":1}"""), StringComparison.Ordinal);
        Assert.Equal(
            "closed with 1009 message too big", await client.AskAsync($$"""{"type":"Greet","payload":"{{new string('x', 100)}}"}"""));
    }

    [Fact]
    public async Task HubWithoutALimitTakesLongMessages()
    {
        await using var app = await HubApplication.StartAsync(hub: options => options.MaximumReceiveMessageSize = null);
        await using var client = await app.ConnectAsync();
        Assert.Equal(5_000_000, (await client.RequestAsync("Length", new string('x', 5_000_000))).GetInt32());
    }

    /// <summary>A client that stops to read is ended, and nobody waits for it.</summary>
    [Fact]
    public async Task ClientThatDoesNotReadHoldsNobodyUp()
    {
        await using var app = await HubApplication.StartAsync(options => options.Raw.WriteWait = TimeSpan.FromSeconds(1));
        using var stalled = await app.OpenAsync(receiveBuffer: 4096);
        await using var reader = await app.ConnectAsync();
        var hub = app.Services.GetRequiredService<IHubContext<ToolHub>>();
        var text = new string('x', 10_000);
        for (var i = 0; i < 2000; i++)
        {
            await hub.Clients.All.SendAsync("news", i, text).Within("the broadcast");
            if (i % 100 != 99) continue;
            for (var read = i - 99; read <= i; read++) Assert.Equal(read, (await reader.NextAsync("news")).Json[0].GetInt32());
        }
        await Deadline.Until(() => app.Journal.Ended == 1, "the stalled client is ended");
    }

    private sealed class NotingFilter(Journal notes, string name) : IHubFilter
    {
        public ValueTask<object?> InvokeMethodAsync(
            HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
        {
            notes.Add($"{name} {invocationContext.HubMethodName}({string.Join(',', invocationContext.HubMethodArguments)})");
            return next(invocationContext);
        }

        public Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
        {
            notes.Add($"{name} connected");
            return next(context);
        }

        public Task OnDisconnectedAsync(
            HubLifetimeContext context, Exception? exception, Func<HubLifetimeContext, Exception?, Task> next)
        {
            notes.Add($"{name} disconnected");
            return next(context, exception);
        }
    }
}
