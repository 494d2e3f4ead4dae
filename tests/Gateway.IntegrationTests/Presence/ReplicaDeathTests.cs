using Gateway.Testing;

namespace Gateway.IntegrationTests.Presence;

/// <summary>Two gateway processes, one of which ends.</summary>
public sealed class ReplicaDeathTests : IAsyncLifetime
{
    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync();

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    /// <summary>With the defaults: a lease of ten seconds. Some come back on the other replica, and have not been gone.</summary>
    [Fact]
    public async Task MembersOfAKilledReplicaAreToldOfAsGoneOnceToEveryRemainingMember()
    {
        const int Members = 1000, Returning = 10;
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        var members = await CrowdAsync(Members, a, b);
        var (lost, remaining) = (members.Where((_, i) => i % 2 == 0).ToList(), members.Where((_, i) => i % 2 != 0).ToList());
        await using IChatClient asker = await RawClient.ConnectAsync(b.Server, "?rooms=crowd");
        Assert.Equal(Members + 1, (await ListAsync(asker)).Count);

        a.Kill();
        foreach (var back in lost[..Returning]) remaining.Add(await CrowdMember.ConnectAsync(b.Server, isSignalR: true, back.GuestKey));
        await Deadline.Until(
            () => remaining.All(m => m.Total >= lost.Count - Returning), "every remaining member has heard of every lost one",
            TimeSpan.FromSeconds(15));

        Assert.Equal([.. remaining.Select(m => m.UserId).Append(asker.UserId).Order(StringComparer.Ordinal)], await ListAsync(asker));
        await AssertToldOnceAsync(remaining, lost[Returning..], asker);
        // at first, and not again
        Assert.All(
            remaining, member => Assert.All(lost[..Returning], back => Assert.InRange(member.Joined.GetValueOrDefault(back.UserId), 0, 1)));
        Assert.Equal(1, (await b.ScrapeAsync())["gateway_replicas"].Value);
        foreach (var member in lost.Concat(remaining)) member.Dispose();
    }

    [Fact]
    public async Task MembersOfAReplicaThatStopsAreToldOfOnceAfterTheirGrace()
    {
        const int Members = 20;
        await using var a = await StartAsync("--rooms:presence_grace=2s");
        await using var b = await StartAsync("--rooms:presence_grace=2s");
        await using var c = await StartAsync("--rooms:presence_grace=2s");
        var lost = await CrowdAsync(Members, a, a);
        var remaining = await CrowdAsync(Members, b, c);

        var stopped = TimeProvider.System.GetTimestamp();
        Assert.Equal(0, await a.StopAsync());
        await Deadline.Until(() => remaining.Any(m => m.Total > 0), "somebody has heard of somebody");
        Assert.InRange(TimeProvider.System.GetElapsedTime(stopped), TimeSpan.FromSeconds(2), Deadline.Usual);
        await Deadline.Until(() => remaining.All(m => m.Total >= Members), "every remaining member has heard of every lost one");

        await using IChatClient asker = await RawClient.ConnectAsync(c.Server, "?rooms=crowd");
        Assert.Equal(Members + 1, (await ListAsync(asker)).Count);
        await AssertToldOnceAsync(remaining, lost, asker);
        foreach (var member in lost.Concat(remaining)) member.Dispose();
    }

    /// <summary>
    /// The grace is for those who lose a connection. After a replica's death the lease counts, with one look of the others, and the grace
    /// does not.
    /// </summary>
    [Fact]
    public async Task MembersOfAKilledReplicaAreGoneWithinTheLeaseWhateverTheGrace()
    {
        const int Members = 20;
        string[] times = ["--redis:presence_lease=4s", "--rooms:presence_grace=60s"];
        await using var a = await StartAsync(times);
        await using var b = await StartAsync(times);
        var lost = await CrowdAsync(Members, a, a);
        var remaining = await CrowdAsync(Members, b, b);

        a.Kill();
        var killed = TimeProvider.System.GetTimestamp();
        await Deadline.Until(
            () => remaining.All(m => m.Total >= Members), "every remaining member has heard of every lost one", TimeSpan.FromSeconds(30));
        // 4.4 s on a machine that is not busy
        Assert.InRange(TimeProvider.System.GetElapsedTime(killed), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(8));

        await using IChatClient asker = await RawClient.ConnectAsync(b.Server, "?rooms=crowd");
        await AssertToldOnceAsync(remaining, lost, asker);
        foreach (var member in lost.Concat(remaining)) member.Dispose();
    }

    /// <summary>Every other member is on the one, the others are on the other; both dialects on each.</summary>
    private static async Task<CrowdMember[]> CrowdAsync(int count, GatewayProcess one, GatewayProcess other)
    {
        var members = new CrowdMember[count];
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            members[i] = await CrowdMember.ConnectAsync((i % 2 == 0 ? one : other).Server, isSignalR: i % 4 < 2));
        return members;
    }

    /// <summary>Of each of the lost once, and of nobody else: the asker leaves last.</summary>
    private static async Task AssertToldOnceAsync(IReadOnlyList<CrowdMember> remaining, IReadOnlyList<CrowdMember> lost, IChatClient asker)
    {
        await asker.RequestAsync("leave", new { room = "crowd" });
        await Deadline.Until(() => remaining.All(m => m.Left.ContainsKey(asker.UserId)), "every remaining member has heard the last");
        var expected = lost.Select(m => (m.UserId, 1)).Append((asker.UserId, 1)).Order().ToList();
        Assert.All(remaining, member => Assert.Equal(expected, member.Left.Select(l => (l.Key, l.Value)).Order()));
    }

    /// <summary>Page by page, while nobody comes or goes.</summary>
    private static async Task<List<string>> ListAsync(IChatClient asker)
    {
        var users = new List<string>();
        string? after = null;
        while (true)
        {
            var page = await asker.RequestAsync("presence", new { room = "crowd", limit = 1000, after });
            users.AddRange(page.GetProperty("members").EnumerateArray().Select(m => m.GetProperty("user_id").GetString()!));
            if (page.TryGetProperty("next", out var next)) after = next.GetString();
            else
            {
                Assert.Equal(page.GetProperty("count").GetInt32(), users.Count);
                return [.. users.Order(StringComparer.Ordinal)];
            }
        }
    }

    private Task<GatewayProcess> StartAsync(params string[] more) =>
        GatewayProcess.StartAsync(["--redis:enabled=true", "--redis:connection=" + _redis.Address, .. more]);
}
