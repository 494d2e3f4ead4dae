using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Gateway.Client.Connections;
using Gateway.Client.Conversations;

namespace Gateway.Client;

/// <summary>
/// A client of the raw dialect. It connects and reconnects by itself. The application gets each message of its rooms once and in order, and
/// each message that it sends arrives once, over any number of connections. Handlers are called one after the other, in the order of
/// events.
/// </summary>
public sealed class GatewayClient : IAsyncDisposable
{
    private readonly GatewayClientOptions _options;
    private readonly Conversation _conversation;
    private readonly Connector _connector;
    private readonly Lock _starting = new();
    private Task? _running;

    /// <summary>Creates a client. It connects on first use, or with <see cref="Start"/>.</summary>
    /// <param name="address">
    /// The gateway's raw endpoint: <c>ws:</c>, <c>wss:</c>, <c>http:</c> or <c>https:</c>. The default path is <c>/ws</c>.
    /// </param>
    /// <exception cref="ArgumentException">The address or an option is invalid.</exception>
    public GatewayClient(string address, GatewayClientOptions? options = null)
    {
        _options = options ?? new GatewayClientOptions();
        _options.Check();
        _conversation = new Conversation(_options, answersInOrder: true);
        _connector = new Connector(Endpoint(address), _options, new Events(this));
    }

    /// <summary>Occurs when the state changes, and at each attempt to connect.</summary>
    public event Action<StateChange>? StateChanged;

    /// <summary>Occurs when messages are lost.</summary>
    public event Action<Gap>? Gap
    {
        add => _conversation.Gap += value;
        remove => _conversation.Gap -= value;
    }

    /// <summary>Occurs when a room continues after a reconnect.</summary>
    public event Action<Resumed>? Resumed
    {
        add => _conversation.Resumed += value;
        remove => _conversation.Resumed -= value;
    }

    /// <summary>Occurs when a room could not be entered again.</summary>
    public event Action<RoomLeft>? RoomLeft
    {
        add => _conversation.Left += value;
        remove => _conversation.Left -= value;
    }

    /// <summary>Occurs when a handler of the application has thrown an exception.</summary>
    public event Action<Exception>? HandlerFailed
    {
        add => _conversation.Dispatcher.Failed += value;
        remove => _conversation.Dispatcher.Failed -= value;
    }

    /// <summary>Occurs when the gateway has sent a malformed message, which is ignored.</summary>
    public event Action<GatewayException>? MessageIgnored
    {
        add => _conversation.MessageIgnored += value;
        remove => _conversation.MessageIgnored -= value;
    }

    /// <summary>How many messages were ignored; see <see cref="MessageIgnored"/>.</summary>
    public long IgnoredMessages => _conversation.IgnoredMessages;

    /// <summary>The state of the connection.</summary>
    public ClientState State => _connector.State;

    /// <summary>The welcome of the last connection; <c>null</c> before the first one.</summary>
    public Welcome? Welcome => _conversation.Welcome;

    /// <summary>The secret of the anonymous user, see <see cref="GatewayClientOptions.GuestKey"/>.</summary>
    public string? GuestKey => _connector.GuestKey;

    /// <summary>The rooms that the client is in, or enters again as soon as it is connected.</summary>
    public IReadOnlyList<string> Rooms => _conversation.Rooms.Names;

    /// <summary>The last message of the room that was passed to the application.</summary>
    public Position? PositionOf(string room) => _conversation.Rooms.PositionOf(room);

    /// <summary>Starts to connect, if that has not started yet. Add handlers first, so that you miss no event.</summary>
    public void Start()
    {
        lock (_starting) _running ??= Task.Run(_connector.RunAsync);
    }

    /// <summary>Calls the handler for every message of a type.</summary>
    /// <returns>An object that removes the handler when it is disposed.</returns>
    public IDisposable On(string type, Action<GatewayMessage> handler) => _conversation.On(type, handler);

    /// <summary>Calls the handler for every chat message in the rooms.</summary>
    /// <inheritdoc cref="On"/>
    public IDisposable OnChat(Action<ChatMessage> handler) => On("chat", message => handler(message.Read(GatewayJson.Default.ChatMessage)));

    /// <summary>
    /// Reads every message from now on. It ends with the client, and fails if the client was closed for a reason or if the reader is too
    /// slow.
    /// </summary>
    public IAsyncEnumerable<GatewayMessage> ReadAllAsync(CancellationToken cancel = default)
    {
        var reader = _conversation.Read(); // from now on, not from the first MoveNext
        Start();
        return reader.AllAsync(cancel);
    }

    /// <summary>Enters a room, and enters it again on every new connection until you leave it.</summary>
    /// <returns>The position after which messages follow.</returns>
    /// <exception cref="GatewayException">The room could not be entered.</exception>
    public Task<RoomPosition> JoinAsync(string room, CancellationToken cancel = default)
    {
        Start();
        return _conversation.JoinAsync(room, cancel);
    }

    /// <inheritdoc cref="JoinAsync"/>
    /// <summary>Leaves a room. Messages of the room may still arrive until this completes.</summary>
    public Task LeaveAsync(string room, CancellationToken cancel = default) => _conversation.LeaveAsync(room, cancel);

    /// <summary>Sends a chat message to a room, by default the lobby. Completes when the gateway has accepted it.</summary>
    /// <exception cref="GatewayException">The message was not accepted, or the outcome is unknown.</exception>
    public Task<Published> ChatAsync(string content, string? room = null, CancellationToken cancel = default)
    {
        var payload = new JsonObject { ["content"] = content };
        if (room != null) payload["room"] = room;
        return SendAsync("chat", payload, cancel);
    }

    /// <summary>
    /// Sends a message to all connections of a user. It is not repeated: if the connection is lost before the reply, the outcome is
    /// unknown.
    /// </summary>
    /// <inheritdoc cref="ChatAsync"/>
    public Task<Published> DirectAsync(string userId, string content, CancellationToken cancel = default) =>
        SendAsync("direct", new JsonObject { ["to"] = userId, ["content"] = content }, cancel);

    /// <summary>Sends a message of any type that clients may send.</summary>
    /// <param name="payload">
    /// The payload. An object without a <c>message_id</c> is sent with one, so that it can be repeated; the object itself is not changed.
    /// </param>
    /// <inheritdoc cref="ChatAsync"/>
    public Task<Published> SendAsync(string type, JsonNode? payload, CancellationToken cancel = default)
    {
        Start();
        return _conversation.SendAsync(type, payload, cancel);
    }

    /// <inheritdoc cref="SendAsync(string, JsonNode?, CancellationToken)"/>
    public Task<Published> SendAsync<T>(string type, T payload, JsonTypeInfo<T> shape, CancellationToken cancel = default) =>
        SendAsync(type, JsonSerializer.SerializeToNode(payload, shape), cancel);

    /// <summary>Sends a request to the gateway: <c>history</c>, <c>presence</c>, <c>ping</c>, or a command of moderators.</summary>
    /// <exception cref="GatewayException">The request was rejected, or there was no reply in time.</exception>
    public Task<JsonElement> RequestAsync(string type, JsonNode? payload = null, CancellationToken cancel = default)
    {
        Start();
        return _conversation.RequestAsync(type, payload, cancel);
    }

    /// <summary>Lists the users in a room: the first page, or the page that follows <paramref name="after"/>.</summary>
    /// <param name="limit">1 to 1000. The default is 100.</param>
    /// <param name="after">The <see cref="MemberList.Next"/> of the previous page.</param>
    /// <inheritdoc cref="RequestAsync"/>
    public async Task<MemberList> MembersAsync(string room, int? limit = null, string? after = null, CancellationToken cancel = default)
    {
        var payload = new JsonObject { ["room"] = room };
        if (limit != null) payload["limit"] = limit;
        if (after != null) payload["after"] = after;
        return Wire.Answers.Read(
            await RequestAsync("presence", payload, cancel).ConfigureAwait(false), GatewayJson.Default.MemberList, "presence");
    }

    /// <summary>Counts the users in a room.</summary>
    /// <inheritdoc cref="RequestAsync"/>
    public async Task<MemberCounts> MemberCountsAsync(string room, CancellationToken cancel = default) =>
        Wire.Answers.Read(
            await RequestAsync("presence", new JsonObject { ["room"] = room, ["counts"] = true }, cancel).ConfigureAwait(false),
            GatewayJson.Default.MemberCounts,
            "presence");

    /// <summary>
    /// Reads a page of a room's history: the newest page, the page before <paramref name="before"/>, or the page after
    /// <paramref name="after"/>.
    /// </summary>
    /// <inheritdoc cref="RequestAsync"/>
    public async Task<HistoryPage> HistoryAsync(
        string room, int? limit = null, long? before = null, long? after = null, CancellationToken cancel = default)
    {
        var payload = new JsonObject { ["room"] = room };
        if (limit != null) payload["limit"] = limit;
        if (before != null) payload["before"] = before;
        if (after != null) payload["after"] = after;
        return Wire.Answers.Read(
            await RequestAsync("history", payload, cancel).ConfigureAwait(false), GatewayJson.Default.HistoryPage, "history");
    }

    /// <summary>Replaces the current connection with a new one. If the client waits before the next attempt, it stops waiting.</summary>
    public void Reconnect() => _connector.Reconnect();

    /// <summary>Closes the client for good. Calls without a reply fail with <see cref="GatewayErrors.Closed"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        _connector.Close();
        _conversation.Close(null);
        Task? running;
        lock (_starting) running = _running ??= Task.CompletedTask;
        await running.ConfigureAwait(false);
        await _conversation.Dispatcher.EndAsync().ConfigureAwait(false);
    }

    private static Uri Endpoint(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("ws" or "wss" or "http" or "https"))
            throw new ArgumentException($"'{address}' is not the address of a gateway, such as ws://localhost:8080/ws", nameof(address));
        return new UriBuilder(uri)
        {
            Scheme = uri.Scheme is "https" or "wss" ? "wss" : "ws",
            Path = uri.AbsolutePath == "/" ? "/ws" : uri.AbsolutePath,
        }.Uri;
    }

    /// <summary>Sends a newer token, because the connection's token expires soon.</summary>
    private async Task RefreshAsync()
    {
        try
        {
            using var late = new CancellationTokenSource(_options.RequestTimeout);
            if (_options.TokenProvider is { } provider && await provider(late.Token).ConfigureAwait(false) is { } token)
                await _conversation.RequestAsync("refresh", new JsonObject { ["token"] = token }, late.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The connection ends with its token, and the next one asks for another.
        }
    }

    private sealed class Events(GatewayClient client) : IConnectorEvents
    {
        public void Changed(StateChange change) => client._conversation.Dispatcher.Post(() => client.StateChanged?.Invoke(change));

        public void Opened(Socket socket, Welcome welcome)
        {
            client._conversation.Welcomed(welcome);
            client._conversation.ConnectedBy(socket);
        }

        public ValueTask ReceivedAsync(GatewayMessage message, CancellationToken cancel)
        {
            if (message.Type == "system" && Wire.Place.Text(message.Payload, "event") == "token_expiring") _ = client.RefreshAsync();
            client._conversation.Rooms.Receive(message);
            return client._conversation.Dispatcher.ReadyAsync(cancel);
        }

        public void Ignored(string problem) => client._conversation.Ignored(problem);

        public void Ended(Ending ending)
        {
            if (ending is { Kind: EndingKind.Closed, Code: 1009 }) client._conversation.Outgoing.RefuseBiggest(ending.Reason);
            client._conversation.Away();
        }

        public void Closed(GatewayException? error) => client._conversation.Close(error);
    }
}
