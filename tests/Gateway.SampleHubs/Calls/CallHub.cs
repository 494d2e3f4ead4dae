using Gateway.SampleHubs.Rooms;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Connections.Features;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.SampleHubs.Calls;

/// <summary>Results, errors, the connection's own things, services. Several calls of a client run at once here.</summary>
public sealed partial class CallHub(Visit visit, Journal journal, Latches latches) : Hub
{
    public override Task OnDisconnectedAsync(Exception? exception)
    {
        journal.Note($"{Context.Items["name"] ?? "somebody"} left the calls: {exception?.Message ?? "no fault"}");
        return base.OnDisconnectedAsync(exception);
    }

    public int Add(int a, int b) => a + b;

    public Said Echo(Said said) => said;

    public string? Null() => null;

    public Task Void() => Task.CompletedTask;

    public ValueTask<string> Later() => ValueTask.FromResult("now");

    [HubMethodName("renamed")]
    public string Original() => "by its other name";

    public void Fail() => throw new InvalidOperationException("a detail");

    public void FailKnown() => throw new HubException("no such thing");

    public Task FailLater() => Task.FromException(new HubException("no such thing, later"));

    public string Shout(string text) => text;

    public string Secret() => "the filter does not let anybody get here";

    [Authorize]
    public string Who() => $"{Context.UserIdentifier}, {Context.User?.Identity?.AuthenticationType}";

    [Authorize(Roles = "clerk")]
    public string Till() => "open";

    public void Remember(string key, string value) => Context.Items[key] = value;

    public string? Recall(string key) => Context.Items.TryGetValue(key, out var value) ? (string?)value : null;

    public string Id() => Context.ConnectionId;

    /// <summary>What the connection tells about the request that it came with.</summary>
    public object Request()
    {
        var http = Context.GetHttpContext()!;
        return new
        {
            http.Request.Path.Value,
            Query = http.Request.Query["shop"].ToString(),
            Header = http.Request.Headers["X-Shop"].ToString(),
            Transport = Context.Features.Get<IHttpTransportFeature>()?.TransportType.ToString(),
            Services = http.RequestServices.GetService<Journal>() == journal,
        };
    }

    /// <summary>The features of the connection that are public API.</summary>
    public string[] Features() =>
        [.. Context.Features.Select(f => f.Key).Where(IsOfTheFramework).Select(t => t.Name).Order()];

    public void Abort() => Context.Abort();

    /// <summary>The same scope for the hub and the method's own services; another one for the next call.</summary>
    public int[] Scopes([Microsoft.AspNetCore.Mvc.FromServices] Visit own, IServiceProvider services) =>
        [visit.Number, own.Number, services.GetRequiredService<Visit>().Number];

    public async Task<string> Hold(string latch)
    {
        journal.Note($"holding {latch}");
        await latches.WaitAsync(latch, Context.ConnectionAborted);
        return $"held {latch}";
    }

    public void Release(string latch) => latches.Release(latch);

    /// <summary>More than any buffer holds, in one go.</summary>
    public async Task<int> Flood(string audience, int count)
    {
        var to = audience == "All" ? Clients.All : audience == "User" ? Clients.User(Context.UserIdentifier!) : Clients.Caller;
        var text = new string('x', 500);
        for (var i = 0; i < count; i++) await to.SendAsync("Announced", i, text);
        return count;
    }

    public Task<Answer> AskMe(string question) => Clients.Caller.InvokeAsync<Answer>("ask", question, Context.ConnectionAborted);

    public Task<Answer> AskOther(string connection, string question) =>
        Clients.Client(connection).InvokeAsync<Answer>("ask", question, default);

    /// <summary>Asks, and does not want to know any more.</summary>
    public async Task<string> AskAndCancel(string connection)
    {
        using var cancel = new CancellationTokenSource();
        var asking = Clients.Client(connection).InvokeAsync<Answer>("ask", "too late", cancel.Token);
        await latches.WaitAsync("asked", Context.ConnectionAborted);
        await cancel.CancelAsync();
        try
        {
            await asking;
            return "an answer";
        }
        catch (HubException fault)
        {
            return fault.Message;
        }
    }

    private static bool IsOfTheFramework(Type feature) =>
        feature.IsPublic && feature.Namespace!.StartsWith("Microsoft.", StringComparison.Ordinal);
}
