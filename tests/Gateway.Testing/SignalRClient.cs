using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Gateway.Testing;

/// <summary>
/// The stock .NET SignalR client, straight to the WebSocket; what comes is read off the wire as well, so that bytes can be compared.
/// </summary>
public sealed partial class SignalRClient : IChatClient
{
    private readonly Inbox _inbox;
    private readonly WebSocketConnectionFactory _factory;
    private readonly TaskCompletionSource<(int, string?)> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SignalRClient(HubConnection hub, Inbox inbox, WebSocketConnectionFactory factory)
    {
        Hub = hub;
        _inbox = inbox;
        _factory = factory;
        hub.Closed += fault =>
        {
            _inbox.End(fault?.Message ?? "closed");
            _closed.TrySetResult(factory.CloseStatus);
            return Task.CompletedTask;
        };
    }

    public HubConnection Hub { get; }
    public JsonElement Welcome { get; private set; }
    public IReadOnlyList<ReceivedMessage> All => _inbox.All;
    public Task<(int Code, string? Reason)> Closed => _closed.Task;

    /// <param name="onMessage">Called for one message after the other, in the order in which they came.</param>
    /// <param name="negotiates">As stock clients do by default: it asks for a connection first, and connects to that.</param>
    public static async Task<SignalRClient> ConnectAsync(
        Uri server, string query = "", Action<ClientWebSocketOptions>? configure = null, HttpMessageInvoker? invoker = null,
        Action<ReceivedMessage>? onMessage = null,
        bool negotiates = false)
    {
        var inbox = new Inbox(onMessage);
        var scheme = server.Scheme == "https" ? "wss" : "ws";
        var factory = new WebSocketConnectionFactory(record => Take(record, inbox), configure, invoker, negotiates);
        var builder = new HubConnectionBuilder();
        builder.Services.AddSingleton<IConnectionFactory>(factory);
        builder.Services.AddSingleton<EndPoint>(
            new UriEndPoint(new Uri($"{scheme}://{server.Authority}{server.AbsolutePath.TrimEnd('/')}/hub{query}")));
        builder.Services.AddLogging();
        var client = new SignalRClient(builder.Build(), inbox, factory);
        await client.Hub.StartAsync().Within("the hub connection to start");
        client.Welcome = (await client.NextAsync("welcome")).Json;
        return client;
    }

    public async Task<JsonElement> RequestAsync(string type, object? payload)
    {
        var method = char.ToUpperInvariant(type[0]) + type[1..];
        try
        {
            var isCommand = method is "Chat" or "Join" or "Leave" or "Direct" or "Presence" or "History" or "Refresh" or "Mute" or "Unmute"
                or "Kick" or "Ban" or "Unban";
            return method == "Ping" ? await Hub.InvokeAsync<JsonElement>("Ping").Within("the answer to Ping")
                : isCommand ? await Hub.InvokeAsync<JsonElement>(method, payload).Within($"the answer to {method}")
                : await Hub.InvokeAsync<JsonElement>("Send", type, payload).Within("the answer to Send");
        }
        catch (HubException fault) when (ErrorText().Match(fault.Message) is { Success: true } match)
        {
            Told.Note(match.Value);
            throw new GatewayError(int.Parse(match.Groups[1].ValueSpan), match.Groups[2].Value);
        }
    }

    public Task<ReceivedMessage> NextAsync(string type, TimeSpan? limit = null) => _inbox.NextAsync(type, limit);

    public void Abort() => _factory.Abort();

    public async ValueTask DisposeAsync() => await Hub.DisposeAsync().AsTask().Within("the hub connection to end");

    private static void Take(ReadOnlySpan<byte> record, Inbox inbox)
    {
        if (!RawJson.Value(record, "type").SequenceEqual("1"u8)) return; // not an invocation
        var arguments = RawJson.Value(record, "arguments");
        var reader = new Utf8JsonReader(arguments);
        reader.Read();
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndArray) return;
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        var first = arguments[start..(int)reader.BytesConsumed];
        reader.Read();
        var payload = reader.TokenType == JsonTokenType.EndArray ? first : arguments; // several arguments: the list
        inbox.Add(JsonSerializer.Deserialize<string>(RawJson.Value(record, "target"))!, payload);
    }

    [GeneratedRegex(@"HubException: (\d{3}): (.*)$", RegexOptions.Singleline)]
    private static partial Regex ErrorText();
}
