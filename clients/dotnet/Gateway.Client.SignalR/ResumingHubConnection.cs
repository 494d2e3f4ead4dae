using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Client.Conversations;
using Gateway.Client.Wire;
using Microsoft.AspNetCore.SignalR.Client;

namespace Gateway.Client.SignalR;

/// <summary>Extension methods of <see cref="HubConnection"/>.</summary>
public static class GatewayHubConnectionExtensions
{
    /// <summary>
    /// Adds to a stock connection what it lacks: after a reconnect every room goes on where the application was, and what was said
    /// meanwhile arrives once. The connection needs <c>WithAutomaticReconnect</c>, and an address with <c>rooms=</c>; for an anonymous user
    /// also with a <c>guest_key</c> of its own, so that it comes back as the same one.
    /// </summary>
    public static ResumingHubConnection WithGatewayResume(this HubConnection connection, ConversationOptions? options = null) =>
        new(connection, options ?? new ConversationOptions());
}

/// <summary>
/// A stock SignalR connection, with the raw client's rooms and messages on top: each message once and in order, what is said arrives once,
/// over any number of reconnects. Connecting, reconnecting and dead links stay the stock client's.
/// </summary>
public sealed class ResumingHubConnection : IAsyncDisposable
{
    /// <summary>Messages of the gateway's own. They are all listened to: their offsets count.</summary>
    private static readonly string[] BuiltIn = ["chat", "direct", "presence", "system", "metrics"];

    private readonly Conversation _conversation;
    private readonly HashSet<string> _types = new(StringComparer.Ordinal);
    private volatile Inbound _inbound = new();

    internal ResumingHubConnection(HubConnection connection, ConversationOptions options)
    {
        options.Check();
        Connection = connection;
        _conversation = new Conversation(options, answersInOrder: false);
        // The welcome is the first message of every connection: whatever comes after it finds the rooms as they are.
        connection.On<JsonElement>("welcome", payload =>
        {
            if (Ignores(new GatewayMessage("welcome", payload))) return Task.CompletedTask;
            var welcome = payload.Deserialize(GatewayJson.Default.Welcome)!;
            if (welcome.Rooms.Count > 0)
            {
                // What was missed there would come after what is new.
                _conversation.Close(
                    new GatewayException(GatewayErrors.Closed, "the connection begins in rooms: add rooms= to its address, and join them"));
                return Task.CompletedTask;
            }
            _conversation.Welcomed(welcome);
            _conversation.ConnectedBy(new HubLink(connection));
            _conversation.Rooms.Receive(new GatewayMessage("welcome", payload));
            return Task.CompletedTask;
        });
        foreach (var type in BuiltIn) Listen(type);
        connection.Reconnecting += _ =>
        {
            _inbound = new Inbound();
            _conversation.Away();
            return Task.CompletedTask;
        };
        connection.Closed += fault =>
        {
            _inbound = new Inbound();
            _conversation.Close(fault == null ? null : new GatewayException(GatewayErrors.Closed, fault.Message));
            return Task.CompletedTask;
        };
    }

    /// <inheritdoc cref="GatewayClient.Gap"/>
    public event Action<Gap>? Gap
    {
        add => _conversation.Gap += value;
        remove => _conversation.Gap -= value;
    }

    /// <inheritdoc cref="GatewayClient.Resumed"/>
    public event Action<Resumed>? Resumed
    {
        add => _conversation.Resumed += value;
        remove => _conversation.Resumed -= value;
    }

    /// <inheritdoc cref="GatewayClient.RoomLeft"/>
    public event Action<RoomLeft>? RoomLeft
    {
        add => _conversation.Left += value;
        remove => _conversation.Left -= value;
    }

    /// <inheritdoc cref="GatewayClient.HandlerFailed"/>
    public event Action<Exception>? HandlerFailed
    {
        add => _conversation.Dispatcher.Failed += value;
        remove => _conversation.Dispatcher.Failed -= value;
    }

    /// <inheritdoc cref="GatewayClient.MessageIgnored"/>
    public event Action<GatewayException>? MessageIgnored
    {
        add => _conversation.MessageIgnored += value;
        remove => _conversation.MessageIgnored -= value;
    }

    /// <inheritdoc cref="GatewayClient.IgnoredMessages"/>
    public long IgnoredMessages => _conversation.IgnoredMessages;

    /// <summary>The stock connection.</summary>
    public HubConnection Connection { get; }

    /// <inheritdoc cref="GatewayClient.Welcome"/>
    public Welcome? Welcome => _conversation.Welcome;

    /// <inheritdoc cref="GatewayClient.Rooms"/>
    public IReadOnlyList<string> Rooms => _conversation.Rooms.Names;

    /// <inheritdoc cref="GatewayClient.PositionOf"/>
    public Position? PositionOf(string room) => _conversation.Rooms.PositionOf(room);

    /// <summary>In place of the connection's own. After a stop it goes on where it was.</summary>
    public Task StartAsync(CancellationToken cancel = default)
    {
        _conversation.Reopen();
        _inbound = new Inbound();
        return Connection.StartAsync(cancel);
    }

    /// <summary>
    /// Stops the connection. Calls that wait for an answer fail with <see cref="GatewayErrors.Closed"/>; <see cref="StartAsync"/> may
    /// follow.
    /// </summary>
    public async Task StopAsync(CancellationToken cancel = default)
    {
        _conversation.Close(null);
        await Connection.StopAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>In place of the connection's own: each message once and in order.</summary>
    /// <returns>Takes the handler away again.</returns>
    public IDisposable On(string type, Action<GatewayMessage> handler)
    {
        Listen(type);
        return _conversation.On(type, handler);
    }

    /// <inheritdoc cref="GatewayClient.OnChat"/>
    public IDisposable OnChat(Action<ChatMessage> handler) => On("chat", message => handler(message.Read(GatewayJson.Default.ChatMessage)));

    /// <inheritdoc cref="GatewayClient.ReadAllAsync"/>
    public IAsyncEnumerable<GatewayMessage> ReadAllAsync(CancellationToken cancel = default) => _conversation.Read().AllAsync(cancel);

    /// <inheritdoc cref="GatewayClient.JoinAsync"/>
    public Task<RoomPosition> JoinAsync(string room, CancellationToken cancel = default) => _conversation.JoinAsync(room, cancel);

    /// <inheritdoc cref="GatewayClient.LeaveAsync"/>
    public Task LeaveAsync(string room, CancellationToken cancel = default) => _conversation.LeaveAsync(room, cancel);

    /// <inheritdoc cref="GatewayClient.ChatAsync"/>
    public Task<Published> ChatAsync(string content, string? room = null, CancellationToken cancel = default)
    {
        var payload = new JsonObject { ["content"] = content };
        if (room != null) payload["room"] = room;
        return SendAsync("chat", payload, cancel);
    }

    /// <inheritdoc cref="GatewayClient.SendAsync(string, JsonNode?, CancellationToken)"/>
    public Task<Published> SendAsync(string type, JsonNode? payload, CancellationToken cancel = default) =>
        _conversation.SendAsync(type, payload, cancel);

    /// <inheritdoc cref="GatewayClient.RequestAsync"/>
    public Task<JsonElement> RequestAsync(string type, JsonNode? payload = null, CancellationToken cancel = default) =>
        _conversation.RequestAsync(type, payload, cancel);

    /// <summary>Stops the connection for good and disposes of it.</summary>
    public async ValueTask DisposeAsync()
    {
        _conversation.Close(null);
        await Connection.DisposeAsync().ConfigureAwait(false);
        await _conversation.Dispatcher.EndAsync().ConfigureAwait(false);
    }

    private bool Ignores(GatewayMessage message)
    {
        if (_inbound.Check(message) is not { } problem) return false;
        _conversation.Ignored(problem);
        return true;
    }

    private void Listen(string type)
    {
        lock (_types)
        {
            if (!_types.Add(type)) return;
        }
        Connection.On<JsonElement>(type, async payload =>
        {
            var message = new GatewayMessage(type, payload);
            if (!Ignores(message)) _conversation.Rooms.Receive(message);
            await _conversation.Dispatcher.ReadyAsync(default).ConfigureAwait(false);
        });
    }
}
