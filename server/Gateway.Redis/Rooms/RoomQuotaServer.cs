using Gateway.Core.Messages;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Rooms;

/// <summary>
/// Measures and limits the rooms of one Redis server, see <see cref="RoomQuotaScripts"/>. One loop runs it; any thread may mark a room.
/// </summary>
/// <param name="server">The server.</param>
/// <param name="keys">The names of keys.</param>
/// <param name="maxBytes">The limit.</param>
/// <param name="evicted">Called with the number of rooms that have lost their histories.</param>
internal sealed class RoomQuotaServer(RedisConnection server, RedisKeys keys, long maxBytes, Action<int> evicted)
{
    private const int RoomsAtOnce = 250;

    /// <summary>The maximum number of rooms that one run evicts.</summary>
    private const int MaxRooms = 10_000;

    /// <summary>One run in this many corrects the sizes.</summary>
    private const int CorrectionInterval = 10;

    /// <summary>How long the lock lasts under which one replica corrects and evicts.</summary>
    private static readonly TimeSpan LockLifetime = TimeSpan.FromSeconds(5);

    // Guarded by itself.
    private readonly HashSet<string> _usedRooms = new(StringComparer.Ordinal);

    // Used by the loop only.
    private RedisValue _cursor = "0";
    private long _bytes;
    private int _turns;

    /// <summary>About how many bytes the rooms take, as of the last run.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Records that a message was published into the room.</summary>
    public void MarkUsed(string room)
    {
        lock (_usedRooms) _usedRooms.Add(room);
    }

    /// <exception cref="Core.Broadcast.BackplaneException">Redis is unavailable.</exception>
    public async Task RunAsync()
    {
        await ReportAsync();
        var isCorrecting = _turns++ % CorrectionInterval == 0;
        if (!isCorrecting && Bytes <= maxBytes) return;
        if (!await TryLockAsync()) return;
        try
        {
            if (isCorrecting) await CorrectAsync();
            if (Bytes > maxBytes) evicted(await EvictAsync());
        }
        finally
        {
            await server.ExecuteAsync(database => database.KeyDeleteAsync(keys.RoomsCleanupLock));
        }
    }

    private async Task ReportAsync()
    {
        string[] rooms;
        lock (_usedRooms)
        {
            rooms = [.. _usedRooms];
            _usedRooms.Clear();
        }
        try
        {
            foreach (var chunk in rooms.Chunk(RoomsAtOnce)) await UpdateSizesAsync(chunk, await MeasureAsync(chunk), isUsed: true);
            if (rooms.Length > 0) return;
            Volatile.Write(ref _bytes, (long?)await server.ExecuteAsync(database => database.StringGetAsync(keys.RoomsTotal)) ?? 0);
        }
        catch
        {
            foreach (var room in rooms) MarkUsed(room);
            throw;
        }
    }

    private Task<bool> TryLockAsync() =>
        server.ExecuteAsync(database => database.StringSetAsync(keys.RoomsCleanupLock, "1", LockLifetime, When.NotExists));

    /// <summary>Corrects the sizes of some rooms in each run, because histories expire without notice.</summary>
    private async Task CorrectAsync()
    {
        var page = (RedisResult[])(await server.ExecuteAsync(
            database => database.ExecuteAsync("HSCAN", (RedisKey)keys.RoomsSizes, _cursor, "COUNT", RoomsAtOnce)))!;
        _cursor = (RedisValue)page[0];
        var fields = (string[])page[1]!;
        for (var i = 0; i < fields.Length; i += 2 * RoomsAtOnce) // HSCAN returns a small hash in one page
        {
            var chunk = Enumerable.Range(0, Math.Min(RoomsAtOnce, (fields.Length - i) / 2)).Select(n => fields[i + (2 * n)]).ToArray();
            await UpdateSizesAsync(chunk, await MeasureAsync(chunk), isUsed: false);
        }
    }

    /// <summary>Evicts histories until nine tenths of the limit are left, or until no room has a history.</summary>
    private async Task<int> EvictAsync()
    {
        var count = 0;
        var rooms = await server.ExecuteAsync(database => database.SortedSetRangeByRankAsync(keys.RoomsLastUse, 0, MaxRooms - 1));
        foreach (var chunk in rooms.Select(room => (string)room!).Chunk(RoomsAtOnce / 10))
        {
            if (Bytes <= maxBytes / 10 * 9) break;
            var left = await Task.WhenAll(chunk.Select(EvictAsync));
            await UpdateSizesAsync(chunk, left, isUsed: true); // rooms with a position left move to the end
            count += chunk.Length;
        }
        return count;
    }

    private async Task<long> EvictAsync(string room) => (long)await server.ExecuteAsync(database => database.ScriptEvaluateAsync(
        RoomQuotaScripts.Evict, [keys.Position(room), keys.History(room)], [keys.Channel(Audience.Room(room))]));

    private Task<long[]> MeasureAsync(string[] rooms) => Task.WhenAll(rooms.Select(async room =>
        (long)await server.ExecuteAsync(database => database.ScriptEvaluateAsync(
        RoomQuotaScripts.Measure, [keys.Position(room), keys.History(room)]))));

    private async Task UpdateSizesAsync(string[] rooms, long[] sizes, bool isUsed)
    {
        if (rooms.Length == 0) return;
        RedisValue[] arguments = [isUsed ? "1" : "0", .. rooms.Zip(sizes).SelectMany(static r => (RedisValue[])[r.First, r.Second])];
        RedisKey[] scriptKeys = [keys.RoomsLastUse, keys.RoomsSizes, keys.RoomsTotal];
        var total = await server.ExecuteAsync(
            database => database.ScriptEvaluateAsync(RoomQuotaScripts.UpdateSizes, scriptKeys, arguments));
        Volatile.Write(ref _bytes, (long)total);
    }
}
