using System.Collections.Concurrent;
using System.Text;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Options;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.IntegrationTests.Commands;

/// <summary>Observers of an application hear of every connection, whatever its dialect, transport and domain.</summary>
public sealed class ConnectionObserverTests
{
    [Theory]
    [InlineData(Kind.Raw, "")]
    [InlineData(Kind.SignalR, "")]
    [InlineData(Kind.Raw, "/test")]
    [InlineData(Kind.SignalR, "/test")]
    public async Task ObserverHearsOfBeginningAndEnd(Kind kind, string domain)
    {
        await using var gateway = await StartAsync();
        var log = gateway.Get<Log>();
        string id;
        await using (var client = await Clients.ConnectAsync(kind, gateway.Server, domain + "?rooms=lobby"))
        {
            id = client.ConnectionId;
            Assert.Equal($"{{\"id\":\"{id}\"}}", (await client.NextAsync("joined_us")).Json.GetRawText());
        }

        await Deadline.Until(() => log.Lines.Count == 2, "the end");
        Assert.Equal([$"+ {id} {domain.TrimStart('/')} {kind} lobby", $"- {id} {(kind == Kind.Raw ? "Aborted" : "Normal")}"], log.Lines);
    }

    [Theory]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.ServerSentEvents)]
    [InlineData(HubTransport.LongPolling)]
    public async Task ObserverHearsOfEveryTransport(HubTransport transport)
    {
        await using var gateway = await StartAsync();
        var log = gateway.Get<Log>();
        await using var client = await HandMadeHubClient.ConnectAsync(gateway.Server, transport);
        var id = client.Welcome.GetProperty("connection_id").GetString()!;
        await Deadline.Until(() => log.Lines.Count == 1, "the beginning");

        gateway.Get<ConnectionTable>().Find(id)!.Outbox.Abort();

        await Deadline.Until(() => log.Lines.Count == 2, "the end");
        Assert.Equal([$"+ {id}  SignalR lobby", $"- {id} Aborted"], log.Lines);
    }

    [Fact]
    public async Task ShutdownWaitsForTheObservers()
    {
        var gateway = await StartAsync();
        var log = gateway.Get<Log>();
        await using var raw = await RawClient.ConnectAsync(gateway.Server, "?rooms=lobby");
        await using var signalR = await SignalRClient.ConnectAsync(gateway.Server, "/test?rooms=lobby");
        await Deadline.Until(() => log.Lines.Count == 2, "both connects");

        await gateway.DisposeAsync();

        Assert.Equal(4, log.Lines.Count);
        Assert.Contains($"- {((IChatClient)raw).ConnectionId} Shutdown", log.Lines);
        Assert.Contains($"- {((IChatClient)signalR).ConnectionId} Shutdown", log.Lines);
    }

    private static Task<EmbeddedGateway> StartAsync() => EmbeddedGateway.StartAsync(
        options => options.Hubs["test"] = new NamedHubOptions(),
        services => services.AddSingleton<Log>(),
        add: builder => builder.AddConnectionObserver<Observer>());

    private sealed class Log
    {
        public ConcurrentQueue<string> Lines { get; } = [];
    }

    /// <summary>It needs the gateway's own services, which the gateway's services must not need it for.</summary>
    private sealed class Observer(Log log, GatewayDomains domains) : IConnectionObserver
    {
        public async ValueTask OnConnectedAsync(ClientConnection connection, CancellationToken cancel)
        {
            log.Lines.Enqueue($"+ {connection.Id} {connection.Domain} {connection.Dialect} {string.Join(',', connection.GetRooms())}");
            var payload = Encoding.UTF8.GetBytes($"{{\"id\":\"{connection.Id}\"}}");
            await domains[connection.Domain].PublishAsync(Audience.Connection(connection.Id), "joined_us", payload, cancel);
        }

        public async ValueTask OnDisconnectedAsync(ClientConnection connection, ConnectionEnd end, CancellationToken cancel)
        {
            await Task.Yield();
            log.Lines.Enqueue($"- {connection.Id} {end.Reason}");
        }
    }
}
