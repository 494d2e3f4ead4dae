using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Gateway.Testing;

namespace Gateway.IntegrationTests.AnyReplica;

public enum FallbackTransport
{
    ServerSentEvents,
    LongPolling,
}

/// <summary>A connection of one replica, all of whose other requests go to another one, with a token in each.</summary>
internal sealed class ForwardedConnection : IAsyncDisposable
{
    private const char End = '\u001e';

    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly CancellationTokenSource _over = new();
    private readonly Channel<JsonElement> _records = Channel.CreateUnbounded<JsonElement>();
    private Uri _hub = null!;
    private Task _receiving = Task.CompletedTask;

    /// <summary>For the requests from now on.</summary>
    public string? Token { get; set; }

    public static async Task<ForwardedConnection> BeginAsync(
        Uri owner, Uri other, FallbackTransport transport, string? token, string query = "rooms=lobby")
    {
        var connection = new ForwardedConnection { Token = token };
        using var negotiate = connection.Request(HttpMethod.Post, new Uri(owner, "/hub/negotiate?negotiateVersion=1"));
        using var negotiated = await connection._http.SendAsync(negotiate).Within("the negotiation");
        Assert.Equal(HttpStatusCode.OK, negotiated.StatusCode);
        using var json = JsonDocument.Parse(await negotiated.Content.ReadAsStringAsync());
        connection._hub = new Uri(other, $"/hub?{query}&id={json.RootElement.GetProperty("connectionToken").GetString()}");
        await (transport == FallbackTransport.LongPolling ? connection.BeginPollingAsync() : connection.BeginEventsAsync());
        Assert.Equal(HttpStatusCode.OK, await connection.SendAsync("""{"protocol":"json","version":1}"""));
        return connection;
    }

    public async Task<HttpStatusCode> SendAsync(string record)
    {
        using var request = Request(HttpMethod.Post, _hub);
        request.Content = new StringContent(record + End, Encoding.UTF8);
        using var answer = await _http.SendAsync(request).Within("a message to be taken");
        return answer.StatusCode;
    }

    /// <summary>The result of a hub method, or its error.</summary>
    public async Task<JsonElement> InvokeAsync(string method, object argument)
    {
        var id = Guid.NewGuid().ToString("N");
        var call = new { type = 1, target = method, arguments = new[] { argument }, invocationId = id };
        Assert.Equal(HttpStatusCode.OK, await SendAsync(JsonSerializer.Serialize(call)));
        return await NextAsync(record => record.TryGetProperty("invocationId", out var found) && found.GetString() == id);
    }

    /// <summary>The next record of which that holds; others are passed over.</summary>
    public async Task<JsonElement> NextAsync(Func<JsonElement, bool> wanted)
    {
        while (true)
            if (await _records.Reader.ReadAsync().Within("a record", TimeSpan.FromSeconds(30)) is var record && wanted(record))
                return record;
    }

    /// <summary>The records that come until the transport ends.</summary>
    public async Task<List<JsonElement>> ReadToEndAsync()
    {
        await _receiving.Within("the end of the connection", TimeSpan.FromSeconds(30));
        var rest = new List<JsonElement>();
        while (_records.Reader.TryRead(out var record)) rest.Add(record);
        return rest;
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _receiving.ContinueWith(_ => { }, TaskScheduler.Default).Within("the receiving to end");
        _http.Dispose();
        _over.Dispose();
    }

    private async Task BeginPollingAsync()
    {
        using var first = await PollAsync();
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        _receiving = Task.Run(async () =>
        {
            while (true)
            {
                using var answer = await PollAsync();
                if (answer.StatusCode != HttpStatusCode.OK) return;
                Note(await answer.Content.ReadAsStringAsync(_over.Token));
            }
        });
    }

    private async Task<HttpResponseMessage> PollAsync()
    {
        using var request = Request(HttpMethod.Get, _hub);
        return await _http.SendAsync(request, _over.Token);
    }

    private async Task BeginEventsAsync()
    {
        using var request = Request(HttpMethod.Get, _hub);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        var answer = await _http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, _over.Token).Within("the event stream to begin");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        _receiving = Task.Run(async () =>
        {
            using (answer)
            using (var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(_over.Token)))
                while (await reader.ReadLineAsync(_over.Token) is { } line)
                    if (line.StartsWith("data: ", StringComparison.Ordinal)) Note(line["data: ".Length..]);
        });
    }

    private void Note(string records)
    {
        foreach (var record in records.Split(End, StringSplitOptions.RemoveEmptyEntries))
            _records.Writer.TryWrite(JsonDocument.Parse(record).RootElement);
    }

    private HttpRequestMessage Request(HttpMethod method, Uri uri)
    {
        var request = new HttpRequestMessage(method, uri);
        if (Token != null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return request;
    }
}
