using System.Net;
using System.Text;
using System.Text.Json;

namespace Gateway.Testing;

public enum HubTransport
{
    WebSockets,
    ServerSentEvents,
    LongPolling,
}

/// <summary>
/// A SignalR client by hand, over any transport. It does what it is told and nothing by itself: above all it ignores that it is being
/// closed, goes on sending, and never answers a close frame.
/// </summary>
public sealed class HandMadeHubClient : IAsyncDisposable
{
    private const char End = '\u001e';

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(2) };
    private readonly CancellationTokenSource _over = new();
    private readonly Uri _hub;
    private readonly HandMadeSocket? _socket;
    private readonly List<JsonElement> _records = [];
    private readonly SemaphoreSlim _sending = new(1);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _rest = "";
    private Task _receiving = Task.CompletedTask;
    private int _lastId;

    private HandMadeHubClient(Uri hub, HandMadeSocket? socket) => (_hub, _socket) = (hub, socket);

    /// <summary>The close frame, where there is a WebSocket: 1006 if it ends without one.</summary>
    public TaskCompletionSource<(int Code, string Reason)> Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Everything that came, in order, but for the handshake response.</summary>
    public IReadOnlyList<JsonElement> Records
    {
        get { lock (_records) return [.. _records]; }
    }

    public JsonElement Welcome { get; private set; }

    public static async Task<HandMadeHubClient> ConnectAsync(Uri server, HubTransport transport, string query = "?rooms=lobby")
    {
        HandMadeHubClient client;
        if (transport == HubTransport.WebSockets)
        {
            client = new(server, await HandMadeSocket.OpenAsync(server, "/hub" + query));
            client._receiving = client.ReadFramesAsync();
        }
        else
        {
            var hub = new Uri(server, "/hub" + query);
            client = new((await Negotiated.AskAsync(hub)).With(hub), null);
            if (transport == HubTransport.LongPolling) (await client._http.GetAsync(client._hub).Within("the first poll")).Dispose();
            else client._receiving = client.ReadEventsAsync(await client.OpenEventsAsync());
        }
        Require(await client.SendAsync("""{"protocol":"json","version":1}"""));
        if (transport == HubTransport.LongPolling) client._receiving = client.PollAsync();
        client.Welcome = Argument(await client.NextAsync(r => IsCall(r, "welcome"), "the welcome"));
        return client;
    }

    /// <summary>Why the last record that was not taken was not.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Sends a record. False if the server did not take it (any more).</summary>
    public Task<bool> SendAsync(string record) => SendPartAsync(record + End);

    /// <summary>Sends what may be only a part of a record.</summary>
    public async Task<bool> SendPartAsync(string text)
    {
        await _sending.WaitAsync().Within("the turn to send");
        try
        {
            if (_socket != null)
            {
                await _socket.SendTextAsync(text);
                return true;
            }
            using var content = new StringContent(text, Encoding.UTF8);
            using var answer = await _http.PostAsync(_hub, content).Within("a record to be taken");
            if (answer.StatusCode != HttpStatusCode.OK) Refusal = $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception gone) when (gone is IOException or HttpRequestException)
        {
            Refusal = gone.ToString();
            return false;
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Calls a hub method and returns its id, under which the answer comes.</summary>
    public async Task<string> CallAsync(string method, params object[] arguments)
    {
        var (id, record) = Call(method, arguments);
        await SendAsync(record);
        return id;
    }

    /// <summary>Calls a hub method, where the server still has to take the call, whatever it does with it.</summary>
    public async Task CallTakenAsync(string method, params object[] arguments)
    {
        if (!await SendAsync(Call(method, arguments).Record)) throw new IOException($"{method} was not taken: {Refusal}");
    }

    public async Task<JsonElement> RequestAsync(string method, params object[] arguments)
    {
        var id = await CallAsync(method, arguments);
        return await NextAsync(r => IsAnswer(r, id), $"the answer to {method}");
    }

    /// <summary>The first record that fits, whether it came already or not.</summary>
    public async Task<JsonElement> NextAsync(Func<JsonElement, bool> fits, string what, TimeSpan? limit = null)
    {
        var end = DateTime.UtcNow + (limit ?? TimeSpan.FromSeconds(30));
        while (true)
        {
            Task changed;
            lock (_records)
            {
                foreach (var record in _records)
                    if (fits(record))
                        return record;
                changed = _changed.Task;
            }
            await changed.Within(what, end > DateTime.UtcNow ? end - DateTime.UtcNow : TimeSpan.Zero);
        }
    }

    public static bool IsCall(JsonElement record, string target) =>
        TypeOf(record) == 1 && record.GetProperty("target").GetString() == target;

    public static bool IsAnswer(JsonElement record, string id) =>
        TypeOf(record) == 3 && record.GetProperty("invocationId").GetString() == id;

    public static bool IsClose(JsonElement record) => TypeOf(record) == 7;

    public static JsonElement Argument(JsonElement call) => call.GetProperty("arguments")[0];

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _socket?.Dispose();
        _http.Dispose();
        await _receiving.Within("the receive loop to end");
        _over.Dispose();
        _sending.Dispose();
    }

    private (string Id, string Record) Call(string method, object[] arguments)
    {
        var id = "h" + Interlocked.Increment(ref _lastId);
        return (id, JsonSerializer.Serialize(new { type = 1, invocationId = id, target = method, arguments }));
    }

    private static int TypeOf(JsonElement record) => record.TryGetProperty("type", out var type) ? type.GetInt32() : 0;

    private static void Require(bool taken)
    {
        if (!taken) throw new IOException("the handshake was not taken");
    }

    private async Task ReadFramesAsync()
    {
        try
        {
            while (await _socket!.NextAsync(_over.Token) is { } frame)
            {
                if (frame.Opcode == HandMadeSocket.Close) Closed.TrySetResult(frame.CloseStatus);
                else Take(frame.Text);
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or ObjectDisposedException)
        {
            // The test is over.
        }
        Closed.TrySetResult((1006, ""));
    }

    private async Task<HttpResponseMessage> OpenEventsAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _hub);
        request.Headers.Accept.ParseAdd("text/event-stream");
        var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).Within("the event stream");
        return answer.EnsureSuccessStatusCode();
    }

    private async Task ReadEventsAsync(HttpResponseMessage answer)
    {
        try
        {
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
            while (await reader.ReadLineAsync(_over.Token) is { } line)
                if (line.StartsWith("data: ", StringComparison.Ordinal))
                    Take(line["data: ".Length..]);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or HttpRequestException)
        {
            // The server ended it, or the test is over.
        }
        finally
        {
            answer.Dispose();
        }
    }

    private async Task PollAsync()
    {
        try
        {
            while (true)
            {
                using var answer = await _http.GetAsync(_hub, _over.Token);
                if (answer.StatusCode != HttpStatusCode.OK) return;
                Take(await answer.Content.ReadAsStringAsync(_over.Token));
            }
        }
        catch (Exception gone) when (gone is HttpRequestException or OperationCanceledException or ObjectDisposedException)
        {
            // The server ended it, or the test is over.
        }
    }

    private void Take(string text)
    {
        lock (_records)
        {
            var parts = (_rest + text).Split(End);
            _rest = parts[^1]; // a large record comes in several frames
            foreach (var record in parts[..^1])
            {
                var json = JsonDocument.Parse(record).RootElement;
                if (json.EnumerateObject().Any()) _records.Add(json);
            }
            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
