using System.Net;
using System.Text;
using System.Text.Json;
using Gateway.Testing;

namespace Gateway.IntegrationTests.AnyReplica;

/// <summary>A connection over long polling, request by request, each to the replica that the test picks.</summary>
internal sealed class Fallback(Negotiated negotiated, string query) : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = Deadline.Usual };
    private readonly Queue<JsonElement> _records = [];

    public Negotiated Negotiated => negotiated;
    public string ConnectionId => negotiated.ConnectionId;

    /// <summary>Negotiates at one replica, and begins at another.</summary>
    public static async Task<Fallback> BeginAsync(Uri owner, Uri other, string query = "", string? forwardedFor = null)
    {
        var fallback = new Fallback(await Negotiated.AskAsync(new Uri(owner, "/hub" + query)), query);
        if (forwardedFor != null) fallback._http.DefaultRequestHeaders.Add("X-Forwarded-For", forwardedFor);
        Assert.Equal(HttpStatusCode.OK, (await fallback.PollAsync(other)).StatusCode); // the first comes back at once
        await fallback.SendAsync(other, """{"protocol":"json","version":1}""");
        Assert.Empty((await fallback.NextAsync(other)).EnumerateObject()); // the answer to the handshake
        return fallback;
    }

    public Task<HttpResponseMessage> PollAsync(Uri replica) =>
        _http.GetAsync(negotiated.With(new Uri(replica, "/hub" + query))).Within("the answer to a poll");

    public async Task SendAsync(Uri replica, string record)
    {
        using var content = new StringContent(record + "\u001e", Encoding.UTF8);
        using var answer = await _http.PostAsync(
            negotiated.With(new Uri(replica, "/hub" + query)), content).Within("a message to be taken");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    public async Task<HttpStatusCode> EndAsync(Uri replica)
    {
        using var answer = await _http.DeleteAsync(negotiated.With(new Uri(replica, "/hub" + query))).Within("the connection to be ended");
        return answer.StatusCode;
    }

    /// <summary>The next record of the hub protocol, polled for at that replica.</summary>
    public async Task<JsonElement> NextAsync(Uri replica)
    {
        while (true)
        {
            if (_records.TryDequeue(out var next)) return next;
            using var answer = await PollAsync(replica);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            foreach (var record in (await answer.Content.ReadAsStringAsync()).Split('\u001e', StringSplitOptions.RemoveEmptyEntries))
                _records.Enqueue(JsonDocument.Parse(record).RootElement);
        }
    }

    /// <summary>The next record of a type, such as 1 for an invocation; others are passed over.</summary>
    public async Task<JsonElement> NextAsync(Uri replica, int type)
    {
        while (true)
            if (await NextAsync(replica) is var record && record.TryGetProperty("type", out var found) && found.GetInt32() == type)
                return record;
    }

    public void Dispose() => _http.Dispose();
}
