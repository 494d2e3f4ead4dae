using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Client.Wire;

namespace Gateway.Client.Conversations;

/// <summary>
/// What an application and the gateway have to do with each other, whatever the connection of the moment is: rooms, messages, questions.
/// For both dialects.
/// </summary>
internal sealed class Conversation : IReceiver
{
    private readonly Lock _gate = new();
    private readonly ConversationOptions _options;
    private readonly MessageIds _ids = new();
    private readonly Dictionary<string, Action<GatewayMessage>> _handlers = new(StringComparer.Ordinal);
    private readonly List<Reader> _readers = [];
    private GatewayException? _closed;
    private long _ignored;

    /// <param name="answersInOrder">See <see cref="Room"/>.</param>
    public Conversation(ConversationOptions options, bool answersInOrder)
    {
        _options = options;
        Dispatcher = new Dispatcher(options.MaxUnread);
        Rooms = new Rooms(_gate, this, options.RequestTimeout, answersInOrder, () => Outgoing!.Pump());
        Outgoing = new Outgoing(_gate, options, Rooms.IsPending);
    }

    public event Action<Gap>? Gap;

    public event Action<Resumed>? Resumed;

    public event Action<RoomLeft>? Left;

    public event Action<GatewayException>? MessageIgnored;

    public Dispatcher Dispatcher { get; }

    public Rooms Rooms { get; }

    public Outgoing Outgoing { get; }

    /// <summary>What the gateway said last when a connection began.</summary>
    public Welcome? Welcome { get; private set; }

    /// <summary>How many messages were not what the protocol says.</summary>
    public long IgnoredMessages => Interlocked.Read(ref _ignored);

    public void Ignored(string problem)
    {
        Interlocked.Increment(ref _ignored);
        Dispatcher.Post(() => MessageIgnored?.Invoke(new GatewayException(GatewayErrors.MalformedMessage, $"ignored {problem}")));
    }

    public void Welcomed(Welcome welcome)
    {
        Welcome = welcome;
        Rooms.Welcomed(welcome.Rooms);
    }

    public void ConnectedBy(ILink link)
    {
        Rooms.ConnectedBy(link);
        Outgoing.ConnectedBy(link);
    }

    public void Away()
    {
        Rooms.Away();
        Outgoing.Away();
    }

    /// <param name="reason">Why the client was closed, if nobody asked for it.</param>
    public void Close(GatewayException? reason)
    {
        var error = new GatewayException(
            GatewayErrors.Closed, reason == null ? "the client was closed" : $"the client was closed: {reason.Message}");
        _closed = error;
        Rooms.Close(error);
        Outgoing.Close(error);
        Dispatcher.Post(() =>
        {
            lock (_readers) foreach (var reader in _readers.ToList()) reader.End(reason);
        });
    }

    /// <summary>After <see cref="Close"/>: there will be a connection after all.</summary>
    public void Reopen()
    {
        _closed = null;
        Outgoing.Close(null);
    }

    public Task<RoomPosition> JoinAsync(string room, CancellationToken cancel)
    {
        ThrowIfClosed();
        return Rooms.JoinAsync(room, cancel);
    }

    public Task LeaveAsync(string room, CancellationToken cancel)
    {
        ThrowIfClosed();
        return Rooms.LeaveAsync(room, cancel);
    }

    /// <summary>Says something. An object gets a <c>message_id</c>, so that it can be sent again.</summary>
    public async Task<Published> SendAsync(string type, JsonNode? payload, CancellationToken cancel)
    {
        var repeat = Repeat.Never;
        if (payload is JsonObject fields && type is not ("direct" or "presence"))
        {
            if (fields["message_id"] is not JsonValue known || known.GetValueKind() != JsonValueKind.String)
            {
                payload = fields = fields.DeepClone().AsObject();
                fields["message_id"] = _ids.Next();
            }
            repeat = Repeat.Message;
        }
        else if (type == "presence")
        {
            repeat = Repeat.Request; // the same status twice is one
        }
        var answer = await Outgoing.AddAsync(type, payload, repeat, _options.SendTimeout, cancel).ConfigureAwait(false);
        return answer.ValueKind == JsonValueKind.Object ? Answers.Read(answer, GatewayJson.Default.Published, type) : new Published(null);
    }

    /// <summary>Asks something.</summary>
    public Task<JsonElement> RequestAsync(string type, JsonNode? payload, CancellationToken cancel)
    {
        if (type is "join" or "leave") throw new ArgumentException("use JoinAsync and LeaveAsync", nameof(type));
        return Outgoing.AddAsync(
            type, payload, type is "history" or "presence" or "ping" ? Repeat.Request : Repeat.Never, _options.RequestTimeout, cancel);
    }

    public IDisposable On(string type, Action<GatewayMessage> handler)
    {
        lock (_handlers) _handlers[type] = _handlers.GetValueOrDefault(type) + handler;
        return new Registration(() =>
        {
            lock (_handlers)
            {
                if (_handlers.GetValueOrDefault(type) - handler is { } rest) _handlers[type] = rest;
                else _handlers.Remove(type);
            }
        });
    }

    public Reader Read()
    {
        var reader = new Reader(_options.MaxUnread, gone => { lock (_readers) _readers.Remove(gone); });
        lock (_readers) _readers.Add(reader);
        if (_closed != null) reader.End(null);
        return reader;
    }

    void IReceiver.Message(GatewayMessage message) => Dispatcher.Post(() =>
    {
        lock (_readers) foreach (var reader in _readers.ToList()) reader.Add(message);
        Action<GatewayMessage>? handlers;
        lock (_handlers) handlers = _handlers.GetValueOrDefault(message.Type);
        if (handlers == null) return;
        foreach (var handler in Delegate.EnumerateInvocationList(handlers)) Dispatcher.Try(() => handler(message));
    });

    void IReceiver.Gap(Gap gap) => Dispatcher.Post(() => Gap?.Invoke(gap));

    void IReceiver.Resumed(Resumed resumed) => Dispatcher.Post(() => Resumed?.Invoke(resumed));

    void IReceiver.Left(RoomLeft left) => Dispatcher.Post(() => Left?.Invoke(left));

    private void ThrowIfClosed()
    {
        if (_closed is { } error) throw new GatewayException(error.Code, error.Message);
    }

    private sealed class Registration(Action dispose) : IDisposable
    {
        private Action? _dispose = dispose;

        public void Dispose() => Interlocked.Exchange(ref _dispose, null)?.Invoke();
    }
}
