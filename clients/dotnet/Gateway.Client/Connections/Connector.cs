using System.Net;
using System.Net.WebSockets;
using System.Text.Json;

namespace Gateway.Client.Connections;

/// <summary>What a <see cref="Connector"/> tells.</summary>
internal interface IConnectorEvents
{
    void Changed(StateChange change);

    /// <summary>The gateway has said welcome on a new connection.</summary>
    void Opened(Socket socket, Welcome welcome);

    ValueTask ReceivedAsync(GatewayMessage message, CancellationToken cancel);

    /// <summary>Something came that is not what the protocol says.</summary>
    void Ignored(string problem);

    /// <summary>The connection has gone: nothing more comes on it.</summary>
    void Ended(Ending ending);

    /// <summary>For good.</summary>
    void Closed(GatewayException? error);
}

/// <summary>Keeps one connection standing: makes it, and makes it anew whenever it has gone, until that has no sense any more.</summary>
internal sealed class Connector(Uri endpoint, GatewayClientOptions options, IConnectorEvents events)
{
    private readonly CancellationTokenSource _closing = new();
    private CancellationTokenSource _hurry = new();
    private Socket? _socket;
    private int _failures;

    public ClientState State { get; private set; } = ClientState.Connecting;

    public string? GuestKey { get; private set; } = options.GuestKey;

    public async Task RunAsync()
    {
        GatewayException? error = null;
        while (true)
        {
            Tell(error);
            var began = Environment.TickCount64;
            var ending = await ConnectAsync().ConfigureAwait(false);
            if (_closing.IsCancellationRequested)
            {
                End(null);
                return;
            }
            error = ending.Error;
            if (ending.Kind != EndingKind.Refused && TimeSpan.FromMilliseconds(Environment.TickCount64 - began) >= options.StableAfter)
                _failures = 0;
            if (ending.IsForGood(options.TokenProvider != null) || _failures >= options.MaxReconnectAttempts)
            {
                End(error);
                return;
            }
            var delay = Backoff.Delay(_failures, options.ReconnectBaseDelay, options.ReconnectMaxDelay, Random.Shared.NextDouble());
            Tell(error, delay);
            await Task.Delay(delay, _hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _failures++;
        }
    }

    /// <summary>Gives up the present connection for a new one; or, if there is none, waits no longer.</summary>
    public void Reconnect()
    {
        _hurry.Cancel();
        Volatile.Read(ref _socket)?.End(new Ending(EndingKind.Shutdown, 0, "reconnecting"));
    }

    public void Close()
    {
        _closing.Cancel();
        _hurry.Cancel();
        Volatile.Read(ref _socket)?.End(new Ending(EndingKind.Left, 0, "the client was closed"));
    }

    /// <summary>One connection, from the first step to its end.</summary>
    private async Task<Ending> ConnectAsync()
    {
        // Not linked to _closing, which would keep every one of them: Close cancels both.
        Interlocked.Exchange(ref _hurry, new CancellationTokenSource());
        using var late = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        late.CancelAfter(options.ConnectTimeout);
        string? token;
        try
        {
            token = options.TokenProvider == null ? null : await options.TokenProvider(late.Token).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            return new Ending(EndingKind.Refused, 0, $"no token: {fault.Message}");
        }
        if (token != null && !token.All(IsTokenCharacter))
            return new Ending(EndingKind.Refused, 0, "no token: it has characters that a token cannot have");
        var webSocket = new ClientWebSocket { Options = { CollectHttpResponseDetails = true } };
        webSocket.Options.KeepAliveInterval = TimeSpan.Zero; // the client asks by itself
        if (token != null) webSocket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        options.ConfigureWebSocket?.Invoke(webSocket.Options);
        var address = Address();
        try
        {
            await webSocket.ConnectAsync(address, late.Token).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is WebSocketException or OperationCanceledException or IOException or HttpRequestException)
        {
            var status = (int)webSocket.HttpStatusCode;
            webSocket.Dispose();
            if (status is 0 or (int)HttpStatusCode.SwitchingProtocols)
                return new Ending(
                    EndingKind.Refused, 0, late.IsCancellationRequested ? "no connection in time" : fault.GetBaseException().Message);
            return new Ending(
                EndingKind.Refused, status, await Refusal.TextAsync(address, token, status, late.Token).ConfigureAwait(false));
        }
        return await LiveAsync(webSocket).ConfigureAwait(false);
    }

    private async Task<Ending> LiveAsync(ClientWebSocket webSocket)
    {
        var isWelcome = false;
        Socket socket = null!;
        using (socket = new Socket(webSocket, options, async (message, cancel) =>
        {
            if (message.Type == "welcome")
            {
                isWelcome = true;
                Opened(socket, message);
            }
            await events.ReceivedAsync(message, cancel).ConfigureAwait(false);
        }, events.Ignored))
        {
            Volatile.Write(ref _socket, socket);
            if (_closing.IsCancellationRequested) socket.End(new Ending(EndingKind.Left, 0, ""));
            await using var late = new Timer(
                _ =>
                {
                    if (!isWelcome) socket.End(new Ending(EndingKind.Dead, 0, $"no welcome within {options.ConnectTimeout}"));
                },
                null, options.ConnectTimeout, Timeout.InfiniteTimeSpan).ConfigureAwait(false);
            var ending = await socket.RunAsync().ConfigureAwait(false);
            Volatile.Write(ref _socket, null);
            if (isWelcome)
            {
                State = ClientState.Reconnecting;
                events.Ended(ending);
            }
            return ending;
        }
    }

    private void Opened(Socket socket, GatewayMessage message)
    {
        var welcome = message.Payload.Deserialize(GatewayJson.Default.Welcome)!;
        GuestKey = welcome.GuestKey ?? GuestKey;
        State = ClientState.Open;
        events.Opened(socket, welcome);
        events.Changed(new StateChange(ClientState.Open, _failures));
    }

    /// <summary>What may stand in the header (RFC 6750 section 2.1). Another character could begin a header of its own.</summary>
    private static bool IsTokenCharacter(char c) => char.IsAsciiLetterOrDigit(c) || "-._~+/=".Contains(c, StringComparison.Ordinal);

    private Uri Address()
    {
        var fields = new List<string> { "rooms=" };
        if (options.Username is { } name) fields.Add("username=" + Uri.EscapeDataString(name));
        if (GuestKey is { } key) fields.Add("guest_key=" + Uri.EscapeDataString(key));
        var query = endpoint.Query.TrimStart('?');
        return new UriBuilder(endpoint) { Query = string.Join('&', query.Length > 0 ? fields.Prepend(query) : fields) }.Uri;
    }

    private void Tell(GatewayException? error, TimeSpan? delay = null) => events.Changed(new StateChange(State, _failures, delay, error));

    private void End(GatewayException? error)
    {
        State = ClientState.Closed;
        events.Closed(error);
        events.Changed(new StateChange(ClientState.Closed, _failures, null, error));
    }
}
