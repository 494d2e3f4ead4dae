using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Gateway.Testing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.IntegrationTests.RawHubs;

/// <summary>A hub of an application, with a method of every kind. It knows nothing of the gateway.</summary>
public sealed class ToolHub(Journal journal) : Hub
{
    public override async Task OnConnectedAsync()
    {
        if (Context.GetHttpContext()!.Request.Query.ContainsKey("refused")) throw new InvalidOperationException("a secret detail");
        await Clients.Caller.SendAsync("welcome", new { id = Context.ConnectionId, user = Context.UserIdentifier });
    }

    public override Task OnDisconnectedAsync(Exception? exception)
    {
        journal.CountEnd();
        journal.Add($"{Context.ConnectionId} ended{(exception == null ? "" : " with a fault")}");
        return Task.CompletedTask;
    }

    public void Nothing() => journal.Add("nothing");

    public int Add(int a, int b) => a + b;

    public async Task<string> Greet(string name)
    {
        await Task.Yield();
        return $"hello {name}";
    }

    public ValueTask<int[]> Sorted(int[] numbers) => new([.. numbers.Order()]);

    public int Sum(List<int> numbers) => numbers.Sum();

    public Said Twice(Said said) => said with { Text = said.Text + said.Text };

    public string Maybe(int? number) => number?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none";

    public string Noted([FromServices] Journal injected, string text)
    {
        injected.Add(text);
        return injected == journal ? "the same" : "another";
    }

    public int Length(string text) => text.Length;

    public Task Enter(string group) => Groups.AddToGroupAsync(Context.ConnectionId, group);

    public Task Exit(string group) => Groups.RemoveFromGroupAsync(Context.ConnectionId, group);

    public Task Say(Said said) => Clients.Group(said.Group).SendAsync("said", said);

    public Task Tell(string user, string text) => Clients.User(user).SendAsync("told", text);

    public Task TellAll(string text, int times) => Clients.All.SendAsync("all", text, times);

    public Task TellOthers() => Clients.Others.SendAsync("others");

    public async Task<int> Burst(int count)
    {
        for (var i = 0; i < count; i++) await Clients.Caller.SendAsync("burst", i);
        return count;
    }

    public async Task<string> Ask(string question) =>
        await Clients.Caller.InvokeAsync<string>("question", question, Context.ConnectionAborted);

    public async Task<int> AskNumber() => await Clients.Caller.InvokeAsync<int>("number", Context.ConnectionAborted);

    public async IAsyncEnumerable<int> Count(int to)
    {
        for (var i = 1; i <= to; i++)
        {
            await Task.Yield();
            yield return i;
        }
    }

    public Task<ChannelReader<string>> Letters(string word)
    {
        var channel = Channel.CreateUnbounded<string>();
        foreach (var letter in word) channel.Writer.TryWrite(letter.ToString());
        channel.Writer.Complete();
        return Task.FromResult(channel.Reader);
    }

    public async IAsyncEnumerable<int> Endless([EnumeratorCancellation] CancellationToken cancel)
    {
        try
        {
            for (var i = 0; ; i++)
            {
                yield return i;
                await Task.Delay(1, cancel);
            }
        }
        finally
        {
            journal.Add("endless ended");
        }
    }

    public async IAsyncEnumerable<int> Broken()
    {
        yield return 1;
        await Task.Yield();
        throw new HubException("the stream is broken");
    }

    public async Task<int> Total(IAsyncEnumerable<int> numbers)
    {
        var total = 0;
        await foreach (var number in numbers) total += number;
        return total;
    }

    public async IAsyncEnumerable<string> Shout(ChannelReader<string> words, string end)
    {
        await foreach (var word in words.ReadAllAsync()) yield return word.ToUpperInvariant() + end;
    }

    public void Refuse() => throw new HubException("no such thing");

    public void Missing() => throw new HubException("404: no such order");

    public void Boom() => throw new InvalidOperationException("a secret detail");

    public object Cyclic()
    {
        var cycle = new Dictionary<string, object>();
        cycle["self"] = cycle;
        return cycle;
    }

    [Authorize]
    public string Secret() => "the secret";

    [HubMethodName("Renamed")]
    public string Original() => "renamed";

    public string Cancel() => "not a stream";

    public string WhoAmI() => $"{Context.UserIdentifier} {Context.User!.Identity!.IsAuthenticated}";

    public string Query() => Context.GetHttpContext()!.Request.QueryString.Value!;

    public string Remember(string? text)
    {
        if (text != null) Context.Items["text"] = text;
        return (string)Context.Items["text"]!;
    }

    public void Leave() => Context.Abort();

    public Task Pass([FromServices] Gate gate) => gate.Open.Task.WaitAsync(Deadline.Usual);

    public async Task Wait()
    {
        journal.Add("waiting");
        try
        {
            await Task.Delay(Timeout.Infinite, Context.ConnectionAborted).WaitAsync(Deadline.Usual);
        }
        catch (OperationCanceledException)
        {
            journal.Add("no longer waiting");
        }
    }
}

public sealed record Said(string Group, string Text);

/// <summary>What a hub's methods note down for the tests.</summary>
public sealed class Journal
{
    private readonly List<string> _entries = [];

    private int _ended;

    public int Ended => Volatile.Read(ref _ended);

    public void CountEnd() => Interlocked.Increment(ref _ended);

    public void Add(string entry)
    {
        lock (_entries) _entries.Add(entry);
    }

    public bool Has(string entry)
    {
        lock (_entries) return _entries.Contains(entry);
    }
}

/// <summary>What a hub's method waits for.</summary>
public sealed class Gate
{
    public TaskCompletionSource Open { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
