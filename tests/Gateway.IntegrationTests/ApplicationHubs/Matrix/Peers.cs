using System.Text.Json;
using Gateway.Testing;
using Microsoft.AspNetCore.SignalR.Client;

namespace Gateway.IntegrationTests.ApplicationHubs.Matrix;

/// <summary>A client of the hub, of either dialect.</summary>
internal interface IPeer : IAsyncDisposable
{
    string Id { get; }

    Task<JsonElement> CallAsync(string method, params object?[] arguments);

    Task<IReadOnlyList<int>> CountAsync(int to);

    /// <summary>The next message of this type: its argument, or the list of its arguments.</summary>
    Task<JsonElement> NextAsync(string type);

    /// <summary>Everything that was heard so far.</summary>
    IReadOnlyList<string> Heard { get; }

    /// <summary>Answers the next question with its own text and that text's length.</summary>
    Task AnswerOnceAsync();
}

internal sealed class RawPeer(RawClient client) : IPeer
{
    public string Id => client.Welcome.GetProperty("id").GetString()!;

    public IReadOnlyList<string> Heard => [.. client.All.Where(m => m.Type == "heard").Select(m => m.Json.GetString()!)];

    public Task<JsonElement> CallAsync(string method, params object?[] arguments) =>
        client.RequestAsync(method, arguments.Length == 1 ? arguments[0] : arguments);

    public async Task<IReadOnlyList<int>> CountAsync(int to)
    {
        await client.RequestAsync(nameof(MatrixHub.Count), to);
        return [.. client.All.Where(m => m.Type == "item").Select(m => m.Json.GetInt32())];
    }

    public async Task<JsonElement> NextAsync(string type) => (await client.NextAsync(type)).Json;

    public async Task AnswerOnceAsync()
    {
        var question = await client.NextAsync("question");
        var text = question.Json.GetString()!;
        await client.SendTextAsync(
            $$"""{"type":"result","id":{{question.Id}},"payload":{{JsonSerializer.Serialize(new { text, length = text.Length })}}}""");
    }

    public ValueTask DisposeAsync() => client.DisposeAsync();
}

internal sealed class SignalRPeer(SignalRClient client) : IPeer
{
    public string Id => client.Welcome.GetProperty("id").GetString()!;

    public IReadOnlyList<string> Heard => [.. client.All.Where(m => m.Type == "heard").Select(m => m.Json.GetString()!)];

    public Task<JsonElement> CallAsync(string method, params object?[] arguments) =>
        client.Hub.InvokeCoreAsync<JsonElement>(method, arguments).Within($"the answer to {method}");

    public async Task<IReadOnlyList<int>> CountAsync(int to)
    {
        var items = new List<int>();
        using var deadline = new CancellationTokenSource(Deadline.Usual);
        await foreach (var item in client.Hub.StreamAsync<int>(nameof(MatrixHub.Count), to, deadline.Token)) items.Add(item);
        return items;
    }

    public async Task<JsonElement> NextAsync(string type) => (await client.NextAsync(type)).Json;

    public Task AnswerOnceAsync()
    {
        client.Hub.On("question", (string text) => new { text, length = text.Length });
        return client.NextAsync("question");
    }

    public ValueTask DisposeAsync() => client.DisposeAsync();
}
