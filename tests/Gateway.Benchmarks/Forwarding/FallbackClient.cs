using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gateway.Benchmarks.Forwarding;

internal enum Transport
{
    ServerSentEvents,
    LongPolling,
}

/// <summary>
/// A SignalR client without a WebSocket: its connection belongs to one replica, and its requests go to that or to another one.
/// </summary>
internal sealed class FallbackClient : IAsyncDisposable
{
    private const char EndOfRecord = '\u001e';
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly HttpClient _http;
    private readonly Uri _address;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _isIn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<double> _latencies = [];
    private volatile TaskCompletionSource _answer = new();
    private Task _receiving = Task.CompletedTask;

    private FallbackClient(HttpClient http, Uri address) => (_http, _address) = (http, address);

    /// <summary>From when a message was sent to when it was read here, in milliseconds, since <see cref="Forget"/>.</summary>
    public IReadOnlyList<double> Latencies
    {
        get { lock (_latencies) return [.. _latencies]; }
    }

    public void Forget()
    {
        lock (_latencies) _latencies.Clear();
    }

    public static async Task<FallbackClient> ConnectAsync(HttpClient http, Transport transport, int owner, int at, string room)
    {
        using var answer = await http.PostAsync(
            new Uri($"http://127.0.0.1:{owner}/hub/negotiate?negotiateVersion=1"), null).WaitAsync(Patience);
        answer.EnsureSuccessStatusCode();
        var token = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync()).RootElement.GetProperty("connectionToken").GetString();
        var client = new FallbackClient(http, new Uri($"http://127.0.0.1:{at}/hub?rooms={room}&id={token}"));
        client._receiving = transport == Transport.ServerSentEvents ? await client.StreamAsync() : await client.PollAsync();
        await client.SendAsync("""{"protocol":"json","version":1}""");
        await client._isIn.Task.WaitAsync(Patience);
        return client;
    }

    /// <summary>There and back again, in milliseconds.</summary>
    public async Task<double> PingAsync()
    {
        var began = Stopwatch.GetTimestamp();
        var answer = _answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendAsync("""{"type":1,"target":"Ping","arguments":[],"invocationId":"1"}""");
        await answer.Task.WaitAsync(Patience);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAny(_receiving, Task.Delay(Patience));
        _stop.Dispose();
    }

    private async Task SendAsync(string record)
    {
        using var content = new StringContent(record + EndOfRecord, Encoding.UTF8);
        using var answer = await _http.PostAsync(_address, content).WaitAsync(Patience);
        answer.EnsureSuccessStatusCode();
    }

    /// <returns>The loop that goes on reading.</returns>
    private async Task<Task> StreamAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _address);
        request.Headers.Accept.ParseAdd("text/event-stream");
        var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _stop.Token).WaitAsync(Patience);
        answer.EnsureSuccessStatusCode();
        return ReadAsync(answer);
    }

    private async Task ReadAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(_stop.Token));
            try
            {
                while (await reader.ReadLineAsync(_stop.Token) is { } line)
                    if (line.StartsWith("data: ", StringComparison.Ordinal))
                        Take(line["data: ".Length..]);
            }
            catch (OperationCanceledException)
            {
                // Enough.
            }
        }
    }

    private async Task<Task> PollAsync()
    {
        using (await _http.GetAsync(_address).WaitAsync(Patience))
            return KeepPollingAsync();
    }

    private async Task KeepPollingAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                using var answer = await _http.GetAsync(_address, _stop.Token);
                answer.EnsureSuccessStatusCode();
                Take(await answer.Content.ReadAsStringAsync(_stop.Token));
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }
    }

    private void Take(string records)
    {
        var now = Stopwatch.GetTimestamp();
        foreach (var record in records.Split(EndOfRecord, StringSplitOptions.RemoveEmptyEntries))
        {
            if (record.Contains("\"target\":\"welcome\"", StringComparison.Ordinal)) _isIn.TrySetResult();
            if (record.StartsWith("{\"type\":3", StringComparison.Ordinal)) _answer.TrySetResult();
            if (record.IndexOf("at=", StringComparison.Ordinal) is not (>= 0 and var at)) continue;
            var sent = long.Parse(record.AsSpan(at + 3, 20), CultureInfo.InvariantCulture);
            lock (_latencies) _latencies.Add(Stopwatch.GetElapsedTime(sent, now).TotalMilliseconds);
        }
    }
}
