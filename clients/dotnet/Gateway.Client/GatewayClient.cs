using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Gateway.Client.Connections;
using Gateway.Client.Conversations;

namespace Gateway.Client;

/// <summary>
/// A client of the raw dialect. Connects by itself and stays connected; the application gets each message of its rooms once and in order, and what it says arrives once, over any
/// number of connections. Handlers are called one after the other, in the order in which things happened.
/// </summary>
public sealed class GatewayClient : IAsyncDisposable
{
    private readonly GatewayClientOptions _options;
    private readonly Conversation _conversation;
    private readonly Connector _connector;
    private readonly Lock _starting = new();
    private Task? _running;

    /// <summary>Connects when it is first used, or by <see cref="Start"/>.</summary>
    /// <param name="address">Of the gateway's raw endpoint: <c>ws:</c>, <c>wss:</c>, <c>http:</c> or <c>https:</c>; without a path <c>/ws</c> is meant.</param>
    /// <exception cref="ArgumentException">The address or an option is wrong.</exception>
    public GatewayClient(string address, GatewayClientOptions? options = null)
    {
        _options = options ?? new GatewayClientOptions();
        _options.Check();
        _conversation = new Conversation(_options, answersInOrder: true);
        _connector = new Connector(Endpoint(address), _options, new Events(this));
    }

    /// <summary>Each change of the state, and each attempt to connect.</summary>
    public event Action<StateChange>? StateChanged;

    /// <summary>Messages that will not come.</summary>
    public event Action<Gap>? Gap
    {
        add => _conversation.Gap += value;
        remove => _conversation.Gap -= value;
    }

    /// <summary>A room goes on after a reconnect.</summary>
    public event Action<Resumed>? Resumed
    {
        add => _conversation.Resumed += value;
        remove => _conversation.Resumed -= value;
    }

    /// <summary>A room could not be entered again.</summary>
    public event Action<RoomLeft>? RoomLeft
    {
        add => _conversation.Left += value;
        remove => _conversation.Left -= value;
    }

    /// <summary>A handler of the application's has thrown.</summary>
    public event Action<Exception>? HandlerFailed
    {
        add => _conversation.Dispatcher.Failed += value;
        remove => _conversation.Dispatcher.Failed -= value;
    }

    /// <summary>The gateway has sent something that is not what the protocol says. It was ignored.</summary>
    public event Action<GatewayException>? MessageIgnored
    {
        add => _conversation.MessageIgnored += value;
        remove => _conversation.MessageIgnored -= value;
    }

    /// <summary>How many messages were ignored; see <see cref="MessageIgnored"/>.</summary>
    public long IgnoredMessages => _conversation.IgnoredMessages;

    /// <summary>The state of the connection.</summary>
    public ClientState State => _connector.State;

    /// <summary>Who and where this client is; of the last connection, and <c>null</c> before the first one.</summary>
    public Welcome? Welcome => _conversation.Welcome;

    /// <summary>A secret: whoever connects with it (<see cref="GatewayClientOptions.GuestKey"/>) is the same anonymous user.</summary>
    public string? GuestKey => _connector.GuestKey;

    /// <summary>The rooms that it is in, or is again as soon as it is connected.</summary>
    public IReadOnlyList<string> Rooms => _conversation.Rooms.Names;

    /// <summary>The last message of the room that has been passed on to the application.</summary>
    public Position? PositionOf(string room) => _conversation.Rooms.PositionOf(room);

    /// <summary>Begins to connect, if that has not begun yet. Whoever wants to miss no event registers handlers first.</summary>
    public void Start()
    {
        lock (_starting) _running ??= Task.Run(_connector.RunAsync);
    }

    /// <summary>Calls the handler with every message of a type.</summary>
    /// <returns>Takes the handler away again.</returns>
    public IDisposable On(string type, Action<GatewayMessage> handler) => _conversation.On(type, handler);

    /// <summary>Calls the handler with everything that is said in the rooms.</summary>
    /// <inheritdoc cref="On"/>
    public IDisposable OnChat(Action<ChatMessage> handler) => On("chat", message => handler(message.Read(GatewayJson.Default.ChatMessage)));

    /// <summary>Every message from now on. Ends with the client; fails if that was closed for a reason, or if the reader is slower than the messages for long.</summary>
    public IAsyncEnumerable<GatewayMessage> ReadAllAsync(CancellationToken cancel = default)
    {
        var reader = _conversation.Read(); // from now on, not from the first MoveNext
        Start();
        return reader.AllAsync(cancel);
    }

    /// <summary>Enters a room, and enters it again on every new connection until it is left.</summary>
    /// <returns>The place after which messages come.</returns>
    /// <exception cref="GatewayException">It was not entered.</exception>
    public Task<RoomPosition> JoinAsync(string room, CancellationToken cancel = default)
    {
        Start();
        return _conversation.JoinAsync(room, cancel);
    }

    /// <inheritdoc cref="JoinAsync"/>
    /// <summary>Leaves a room. Messages of it may still come until this is done.</summary>
    public Task LeaveAsync(string room, CancellationToken cancel = default) => _conversation.LeaveAsync(room, cancel);

    /// <summary>Says something in a room, by default the lobby. Completes when the gateway has taken it.</summary>
    /// <exception cref="GatewayException">It was not taken, or nobody knows whether it was.</exception>
    public Task<Published> ChatAsync(string content, string? room = null, CancellationToken cancel = default)
    {
        var payload = new JsonObject { ["content"] = content };
        if (room != null) payload["room"] = room;
        return SendAsync("chat", payload, cancel);
    }

    /// <summary>Says something to a user, on all its connections. It is not repeated: if the connection goes before the answer, nobody knows whether it arrived.</summary>
    /// <inheritdoc cref="ChatAsync"/>
    public Task<Published> DirectAsync(string userId, string content, CancellationToken cancel = default) => SendAsync("direct", new JsonObject { ["to"] = userId, ["content"] = content }, cancel);

    /// <summary>Says something of any type that clients may send.</summary>
    /// <param name="payload">An object gets a <c>message_id</c>, if it has none, so that it can be sent again; it is not changed itself.</param>
    /// <inheritdoc cref="ChatAsync"/>
    public Task<Published> SendAsync(string type, JsonNode? payload, CancellationToken cancel = default)
    {
        Start();
        return _conversation.SendAsync(type, payload, cancel);
    }

    /// <inheritdoc cref="SendAsync(string, JsonNode?, CancellationToken)"/>
    public Task<Published> SendAsync<T>(string type, T payload, JsonTypeInfo<T> shape, CancellationToken cancel = default) => SendAsync(type, JsonSerializer.SerializeToNode(payload, shape), cancel);

    /// <summary>Asks the gateway something: <c>history</c>, <c>presence</c>, <c>ping</c>, or what moderators can do.</summary>
    /// <exception cref="GatewayException">It was refused, or there was no answer in time.</exception>
    public Task<JsonElement> RequestAsync(string type, JsonNode? payload = null, CancellationToken cancel = default)
    {
        Start();
        return _conversation.RequestAsync(type, payload, cancel);
    }

    /// <summary>Who is in a room: the first page, or the one that follows <paramref name="after"/>.</summary>
    /// <param name="limit">1 to 1000; 100 without it.</param>
    /// <param name="after">The <see cref="MemberList.Next"/> of the page before.</param>
    /// <inheritdoc cref="RequestAsync"/>
    public async Task<MemberList> MembersAsync(string room, int? limit = null, string? after = null, CancellationToken cancel = default)
    {
        var payload = new JsonObject { ["room"] = room };
        if (limit != null) payload["limit"] = limit;
        if (after != null) payload["after"] = after;
        return Wire.Answers.Read(await RequestAsync("presence", payload, cancel).ConfigureAwait(false), GatewayJson.Default.MemberList, "presence");
    }

    /// <summary>How many are in a room, without a list of them.</summary>
    /// <inheritdoc cref="RequestAsync"/>
    public async Task<MemberCounts> MemberCountsAsync(string room, CancellationToken cancel = default) =>
        Wire.Answers.Read(await RequestAsync("presence", new JsonObject { ["room"] = room, ["counts"] = true }, cancel).ConfigureAwait(false), GatewayJson.Default.MemberCounts, "presence");

    /// <summary>A page of what was said in a room: the newest one, the one ahead of <paramref name="before"/>, or the one that follows <paramref name="after"/>.</summary>
    /// <inheritdoc cref="RequestAsync"/>
    public async Task<HistoryPage> HistoryAsync(string room, int? limit = null, long? before = null, long? after = null, CancellationToken cancel = default)
    {
        var payload = new JsonObject { ["room"] = room };
        if (limit != null) payload["limit"] = limit;
        if (before != null) payload["before"] = before;
        if (after != null) payload["after"] = after;
        return Wire.Answers.Read(await RequestAsync("history", payload, cancel).ConfigureAwait(false), GatewayJson.Default.HistoryPage, "history");
    }

    /// <summary>Gives up the present connection for a new one; or, while it waits before the next attempt, waits no longer.</summary>
    public void Reconnect() => _connector.Reconnect();

    /// <summary>Ends the connection for good. What was not answered fails with <see cref="GatewayErrors.Closed"/>.</summary>
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
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("ws" or "wss" or "http" or "https")) throw new ArgumentException($"'{address}' is not the address of a gateway, such as ws://localhost:8080/ws", nameof(address));
        return new UriBuilder(uri) { Scheme = uri.Scheme is "https" or "wss" ? "wss" : "ws", Path = uri.AbsolutePath == "/" ? "/ws" : uri.AbsolutePath }.Uri;
    }

    /// <summary>The connection's token ends soon: a newer one keeps it.</summary>
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
