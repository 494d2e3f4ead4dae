using System.Collections.Concurrent;
using System.Diagnostics;
using Gateway.ChaosTests.Clients;
using Gateway.ChaosTests.Judging;
using Gateway.Testing;

namespace Gateway.ChaosTests;

/// <summary>
/// Clients of both dialects on every replica, all of them in two rooms, half of them sending there, each sender several sequences at once.
/// Everything that anyone received is kept for the verdict.
/// </summary>
internal sealed class Crowd : IAsyncDisposable
{
    private const int ClientsOfAKind = 2;
    private const int SequencesInARoom = 2;
    private static readonly string[] RoomNames = ["left", "right"];
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<Acknowledged> _acknowledged = [];
    private readonly CancellationTokenSource _enough = new();
    private readonly CancellationTokenSource _giveUp;
    private readonly List<ResumingClient> _clients = [];
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly IReadOnlyList<Uri> _replicas;
    private List<Task> _sending = [];

    private Crowd(IReadOnlyList<Uri> replicas, TimeSpan limit)
    {
        _replicas = replicas;
        _giveUp = new CancellationTokenSource(limit);
    }

    public IReadOnlyList<ResumingClient> Clients => _clients;
    public IEnumerable<ResumingClient> Senders => _clients.Where((_, i) => i % ClientsOfAKind == 0);
    public int Acknowledged => _acknowledged.Count;
    public int Refusals => _clients.Sum(client => client.Refusals);

    /// <summary>Everyone is in its rooms, and nothing is sent yet.</summary>
    public static async Task<Crowd> GatherAsync(IReadOnlyList<Uri> replicas, TimeSpan? limit = null)
    {
        var crowd = Start(replicas, limit);
        try
        {
            foreach (var client in crowd._clients) await client.WhenInAsync();
            return crowd;
        }
        catch
        {
            await crowd.DisposeAsync();
            throw;
        }
    }

    /// <summary>Does not wait until anyone is in.</summary>
    /// <param name="limit">A message that is not acknowledged until then never will be.</param>
    public static Crowd Start(IReadOnlyList<Uri> replicas, TimeSpan? limit = null)
    {
        var crowd = new Crowd(replicas, limit ?? TimeSpan.FromSeconds(75));
        foreach (var dialect in Enum.GetValues<Dialect>())
            for (var replica = 0; replica < replicas.Count; replica++)
                for (var i = 0; i < ClientsOfAKind; i++)
                    crowd.Add(dialect, replica);
        return crowd;
    }

    /// <summary>Half of the clients send, until <see cref="HushAsync"/>.</summary>
    public void Send() => _sending = [.. Senders.SelectMany(SequencesOf)];

    /// <summary>Ends the sending; returns when everything is acknowledged.</summary>
    public async Task HushAsync()
    {
        await _enough.CancelAsync();
        await Task.WhenAll(_sending).Within("every message to be acknowledged", Patience);
    }

    /// <summary>Again and again one of the clients loses its connection, and is away for up to two seconds.</summary>
    public async Task DropAtRandomAsync(TimeSpan duration)
    {
        var random = new Random(4);
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < duration;)
        {
            _clients[random.Next(_clients.Count)].Drop(TimeSpan.FromSeconds(random.NextDouble() * 2));
            await Task.Delay(random.Next(150));
        }
    }

    public Task UntilAcknowledgedAsync(int more)
    {
        var goal = Acknowledged + more;
        return Deadline.Until(
            () => Acknowledged >= goal || _sending.Exists(s => s.IsFaulted), $"{more} messages more are acknowledged", Patience);
    }

    /// <summary>Every sender has something acknowledged that it sent from now on, or had under way.</summary>
    public Task UntilEverySenderIsAcknowledgedAsync(string when, TimeSpan limit)
    {
        var before = Senders.ToDictionary(sender => sender, AcknowledgedOf);
        return Deadline.Until(
            () => before.All(sender => AcknowledgedOf(sender.Key) >= sender.Value + 10), $"every sender is acknowledged {when}", limit);
    }

    /// <summary>Ends the sending, waits until everyone has what it is going to get, and counts.</summary>
    public async Task<Verdict> JudgeAsync()
    {
        await HushAsync();
        foreach (var room in RoomNames) await SendAsync(_clients[0], room, new MessageId("the-end", 1));
        var isEverywhere = Deadline.Until(
            () => _clients.TrueForAll(client => client.Rooms.All(room => room.Last == new MessageId("the-end", 1))),
            "everyone has the last message", Patience);
        await Task.WhenAny(isEverywhere); // who does not get it is what the verdict is about
        var verdict = new Verdict(_clients.SelectMany(client => client.Rooms), _acknowledged, _clients.SelectMany(client => client.Faults));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{verdict}{_clients.Sum(c => c.Connections)} connections{Ends()}, {Refusals} refusals, "
            + $"{Stopwatch.GetElapsedTime(_began).TotalSeconds:0.0} s");
        return verdict;
    }

    /// <summary>Nobody's connection ended. If one did, says what each side knows of it.</summary>
    public async Task StayedConnectedAsync(Replicas replicas)
    {
        var again = _clients.Where(client => client.Connections != 1 || client.Ends.Count > 0).ToList();
        if (again.Count == 0) return;
        var said = again.Select(
            client => $"{client.Name} connected {client.Connections} times; its connections ended with: {string.Join("; ", client.Ends)}");
        Assert.Fail(string.Join('\n', [.. said, .. await replicas.DisconnectionsAsync()]));
    }

    public async ValueTask DisposeAsync()
    {
        await _giveUp.CancelAsync();
        await Task.WhenAny(Task.WhenAll(_sending)); // WhenAny: what failed has been told
        foreach (var client in _clients) await client.DisposeAsync();
        _giveUp.Dispose();
        _enough.Dispose();
    }

    /// <summary>How many connections ended for which reason, for the report.</summary>
    private string Ends()
    {
        var ends = _clients.SelectMany(client => client.Ends)
            .GroupBy(why => why)
            .OrderByDescending(group => group.Count())
            .Select(group => $"{group.Count()} × {group.Key}")
            .ToList();
        return ends.Count == 0 ? "" : $" (ended: {string.Join(", ", ends)})";
    }

    private int AcknowledgedOf(ResumingClient sender) =>
        _acknowledged.Count(one => one.Id.Sender.StartsWith(sender.Name + ".", StringComparison.Ordinal));

    private void Add(Dialect dialect, int replica)
    {
        var client = new ResumingClient($"{dialect}{_clients.Count}", dialect, _replicas, replica, RoomNames);
        _clients.Add(client);
        client.Start();
    }

    private IEnumerable<Task> SequencesOf(ResumingClient client) =>
        RoomNames.SelectMany(
            room => Enumerable.Range(0, SequencesInARoom).Select(i => SendSequenceAsync(client, room, $"{client.Name}.{room}.{i}")));

    private async Task SendSequenceAsync(ResumingClient client, string room, string sender)
    {
        for (var number = 1; !_enough.IsCancellationRequested; number++)
        {
            await SendAsync(client, room, new MessageId(sender, number));
            await Task.Delay(Pace);
        }
    }

    private async Task SendAsync(ResumingClient client, string room, MessageId id)
    {
        try
        {
            _acknowledged.Enqueue(new Acknowledged(room, id, await client.ChatAsync(room, id, _giveUp.Token)));
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{id} was never acknowledged");
        }
    }
}
