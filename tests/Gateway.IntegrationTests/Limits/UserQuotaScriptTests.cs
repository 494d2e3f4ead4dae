using Gateway.Redis.Limits;
using Gateway.Testing;
using StackExchange.Redis;

namespace Gateway.IntegrationTests.Limits;

/// <summary>
/// What Redis grants of one user's quota, by its own clock, against the definition: never more than the limit in any window, and all of it
/// when a window has passed.
/// </summary>
public sealed class UserQuotaScriptTests
{
    private const int Limit = 20;
    private const int Window = 640; // ms; a part is 10

    [Fact]
    public async Task NoWindowHoldsMoreThanTheLimitWhereverItLies()
    {
        await using var redis = await RedisServer.StartAsync();
        using var connection = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        var database = connection.GetDatabase();
        var (random, grants) = (new Random(1), new List<(double After, double Before, int Granted)>());
        var held = 0;
        while (grants.Count < 1_000)
        {
            var back = held > 0 && random.Next(4) == 0 ? random.Next(1, held + 1) : 0;
            var before = await TimeAsync(database);
            var (granted, _) = await AskAsync(database, "user", -back, wanted: true);
            var after = await TimeAsync(database);
            if (back > 0) TakeBack(grants, back);
            grants.Add((before, after, granted));
            held = granted;
            await Task.Delay(random.Next(3) == 0 ? random.Next(200) : random.Next(5));
            if (grants.Count % 50 == 0 && after - grants[0].After > 5_000) break;
        }

        // A grant lies somewhere between the two times around it: counted are those that lie in the window for certain.
        foreach (var (begins, _, _) in grants)
            Assert.InRange(grants.Where(g => g.After >= begins && g.Before <= begins + Window).Sum(g => g.Granted), 0, Limit);
        Assert.InRange(grants.Sum(g => g.Granted), Limit, int.MaxValue);
    }

    [Fact]
    public async Task BurstAfterASilenceOfAWindowIsGrantedWhole()
    {
        await using var redis = await RedisServer.StartAsync();
        using var connection = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        var database = connection.GetDatabase();
        for (var burst = 0; burst < 3; burst++)
        {
            var all = 0;
            while (true)
            {
                var (granted, wait) = await AskAsync(database, "user", 0, wanted: true);
                all += granted;
                if (granted > 0) continue;
                Assert.InRange(wait, 1, Window + 10);
                break;
            }
            Assert.Equal(Limit, all);
            var until = await TimeAsync(database) + Window + 11; // and one part
            await Deadline.Until(async () => await TimeAsync(database) >= until, "a window has passed");
        }
    }

    [Fact]
    public async Task WhatIsOwedCountsAndWhatIsGivenBackIsFree()
    {
        await using var redis = await RedisServer.StartAsync();
        using var connection = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        var database = connection.GetDatabase();

        Assert.Equal(8, (await AskAsync(database, "a", 5, wanted: true, window: 60_000)).Granted); // half of 15, rounded up
        await AskAsync(database, "a", -8, wanted: false, window: 60_000);
        Assert.Equal(8, (await AskAsync(database, "a", 0, wanted: true, window: 60_000)).Granted);
        Assert.Equal(10, (await AskAsync(database, "b", 0, wanted: true)).Granted);
    }

    /// <summary>The newest first, as the script does.</summary>
    private static void TakeBack(List<(double After, double Before, int Granted)> grants, int back)
    {
        for (var i = grants.Count - 1; i >= 0 && back > 0; i--)
        {
            var here = Math.Min(back, grants[i].Granted);
            grants[i] = grants[i] with { Granted = grants[i].Granted - here };
            back -= here;
        }
    }

    private static async Task<(int Granted, int Wait)> AskAsync(
        IDatabase database, string user, int booked, bool wanted, int window = Window)
    {
        var answer = (int[])(await database.ScriptEvaluateAsync(UserQuotaScript.Lease, [user], [Limit, window, booked, wanted ? 1 : 0]))!;
        return (answer[0], answer[1]);
    }

    private static async Task<double> TimeAsync(IDatabase database)
    {
        var time = (RedisResult[])(await database.ExecuteAsync("TIME"))!;
        return ((long)time[0] * 1000.0) + ((long)time[1] / 1000.0);
    }
}
