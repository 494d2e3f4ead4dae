using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Client.Tests;

/// <summary>A server that says what the test wants it to, in either dialect, after a proper welcome.</summary>
internal sealed class HostileServer : IAsyncDisposable
{
    public const string Welcome =
        """{"connection_id":"c-1","user_id":"guest-1","username":"Ann","guest_key":"k7Qe0C2mT1x9aBcDeFgHiJ","replica":"r1","rooms":[]"""
        + ""","cluster":{"replicas":1,"connections":1}}""";

    private const char Record = '\u001e';
    private readonly WebApplication _app;
    private readonly bool _isHub;
    private readonly SemaphoreSlim _sending = new(1);
    private readonly CancellationTokenSource _gone = new();
    private WebSocket? _socket;

    private HostileServer(WebApplication app, bool isHub) => (_app, _isHub) = (app, isHub);

    /// <summary>What it answers a command, as JSON.</summary>
    public string Answer { get; set; } = "{}";

    /// <summary>The raw dialect only: the answer is an error with this payload.</summary>
    public string? Error { get; set; }

    public ConcurrentQueue<(string Url, string Authorization)> Requests { get; } = [];

    /// <summary>Every request is refused.</summary>
    public bool Refuses { get; set; }

    public Uri Address => new(_app.Urls.First());

    public static async Task<HostileServer> StartAsync(bool isHub)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.UseWebSockets();
        var server = new HostileServer(app, isHub);
        app.Run(async context =>
        {
            server.Requests.Enqueue((context.Request.Path + context.Request.QueryString, context.Request.Headers.Authorization.ToString()));
            if (server.Refuses)
            {
                context.Response.StatusCode = 401;
                await context.Response.Body.WriteAsync("Invalid token\n"u8.ToArray());
                return;
            }
            await server.RunAsync(await context.WebSockets.AcceptWebSocketAsync());
        });
        await app.StartAsync().Within("the server to start");
        return server;
    }

    /// <param name="payload">As JSON.</param>
    public Task SayAsync(string type, string payload) => TextAsync(_isHub
        ? $$"""{"type":1,"target":{{JsonSerializer.Serialize(type)}},"arguments":[{{payload}}]}""" + Record
        : $$"""{"type":{{JsonSerializer.Serialize(type)}},"payload":{{payload}}}""");

    public async Task TextAsync(string text)
    {
        await _sending.WaitAsync();
        try
        {
            await _socket!.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, default);
        }
        finally
        {
            _sending.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _gone.Cancel();
        await _app.StopAsync().Within("the server to stop");
        await _app.DisposeAsync();
        _sending.Dispose();
        _gone.Dispose();
    }

    private async Task RunAsync(WebSocket socket)
    {
        _socket = socket;
        if (!_isHub) await SayAsync("welcome", Welcome);
        var buffer = new byte[64 * 1024];
        try
        {
            while (await socket.ReceiveAsync(buffer, _gone.Token) is { MessageType: not WebSocketMessageType.Close } part)
                foreach (var record in Encoding.UTF8.GetString(buffer, 0, part.Count).Split(Record, StringSplitOptions.RemoveEmptyEntries))
                    await AnswerAsync(JsonNode.Parse(record)!);
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or IOException)
        {
            // The client has.
        }
    }

    private async Task AnswerAsync(JsonNode command)
    {
        if (command["protocol"] != null)
        {
            await TextAsync("{}" + Record);
            await SayAsync("welcome", Welcome);
        }
        else if (command["invocationId"] is { } invocation)
            await TextAsync($$"""{"type":3,"invocationId":{{invocation.ToJsonString()}},"result":{{Answer}}}""" + Record);
        else if (command["id"] is { } id)
            await TextAsync(
                Error != null
                    ? $$"""{"type":"error","id":{{id.ToJsonString()}},"payload":{{Error}}}"""
                    : $$"""{"type":"ack","id":{{id.ToJsonString()}},"payload":{{Answer}}}""");
    }
}
