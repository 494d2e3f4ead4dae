using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.AspNetCore.Hubs;
using Gateway.Core.Connections;
using Gateway.Core.Hosting;
using Gateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.IntegrationTests.ApplicationHubs;

/// <summary>A server with a hub of the application's on the gateway, and clients of it over real sockets.</summary>
internal sealed class ChatServer : IAsyncDisposable
{
    private static readonly JsonSerializerOptions WithoutNull = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly WebApplication _app;

    private ChatServer(WebApplication app) => (_app, Address) = (app, new Uri(app.Urls.First()));

    public Uri Address { get; }

    public IHubContext<ChatHub> Hub => _app.Services.GetRequiredService<IHubContext<ChatHub>>();

    /// <summary>The connections that the gateway knows of the hub.</summary>
    public IReadOnlyList<Connection> Connections =>
        [.. _app.Services.GetRequiredService<HubDomains>().All.SelectMany(domain => domain.Connections.Snapshot())];

    public Progress Progress => _app.Services.GetRequiredService<Progress>();

    public static async Task<ChatServer> StartAsync(Action<IGatewayBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<Progress>();
        var gateway = builder.Services.AddSignalR().AddGateway();
        configure?.Invoke(gateway);
        var app = builder.Build();
        app.MapHub<ChatHub>("/chat", options => options.AllowStatefulReconnects = true);
        await app.StartAsync().Within("the server to start");
        return new ChatServer(app);
    }

    /// <summary>A client by hand, which reads only when it is told to.</summary>
    public async Task<HandMadeSocket> ConnectAsync(int? receiveBuffer = null)
    {
        var socket = await HandMadeSocket.OpenAsync(Address, "/chat", receiveBuffer);
        await socket.SendTextAsync("{\"protocol\":\"json\",\"version\":1}\u001e");
        Assert.Equal("{}\u001e", (await socket.ReadAsync())!.Text);
        await socket.SendTextAsync(Call("Enter", "room", id: "enter"));
        Assert.Contains("\"invocationId\":\"enter\"", (await socket.ReadAsync())!.Text, StringComparison.Ordinal);
        return socket;
    }

    /// <summary>An invocation of the SignalR JSON protocol.</summary>
    public static string Call(string method, object argument, string? id = null) =>
        JsonSerializer.Serialize(new { type = 1, target = method, arguments = new[] { argument }, invocationId = id }, WithoutNull)
        + "\u001e";

    /// <summary>Reads the numbers that the hub has sent, until the given one. Fails if the connection ends.</summary>
    /// <param name="onNumber">Called with each.</param>
    public static async Task<List<int>> ReadNumbersAsync(HandMadeSocket socket, int last, Action<int>? onNumber = null)
    {
        var numbers = new List<int>();
        while (numbers.Count == 0 || numbers[^1] != last)
        {
            var frame = await socket.ReadAsync() ?? throw new IOException($"the connection ended after {numbers.Count} numbers");
            Assert.Equal(HandMadeSocket.Text, frame.Opcode);
            foreach (var record in frame.Text.Split('\u001e', StringSplitOptions.RemoveEmptyEntries))
            {
                using var json = JsonDocument.Parse(record);
                if (!json.RootElement.TryGetProperty("target", out _)) continue; // a result or a ping
                numbers.Add(json.RootElement.GetProperty("arguments")[0].GetInt32());
                onNumber?.Invoke(numbers[^1]);
            }
        }
        return numbers;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().Within("the server to stop", TimeSpan.FromSeconds(30));
        await _app.DisposeAsync();
    }
}

/// <summary>How many messages <see cref="ChatHub.Flood"/> has sent.</summary>
internal sealed class Progress
{
    public int Sent;
}

internal sealed class ChatHub(Progress progress) : Hub
{
    public static string Padding { get; } = new('x', 4096);

    public Task Enter(string room) => Groups.AddToGroupAsync(Context.ConnectionId, room);

    public async Task Flood(int messages)
    {
        for (var i = 1; i <= messages; i++)
        {
            await Clients.Caller.SendAsync("number", i, Padding);
            Volatile.Write(ref progress.Sent, i);
        }
    }
}
