using Gateway.Core.Messages;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Rooms;

/// <summary>What the rooms of one Redis server hold there, see <see cref="RoomQuotaScripts"/>. One loop keeps it; anyone may note a room.</summary>
/// <param name="evicted">Told how many rooms have lost their history.</param>
internal sealed class RoomQuotaServer(RedisConnection server, RedisKeys keys, long maxBytes, Action<int> evicted)
{
    private const int RoomsAtOnce = 250;

    /// <summary>Evicted in one turn.</summary>
    private const int MaxRooms = 10_000;

    /// <summary>Sizes are corrected in every turn of so many.</summary>
    private const int CorrectEvery = 10;

    /// <summary>One replica at a time corrects and evicts.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(5);

    // Guarded by itself.
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    // Used by the loop only.
    private RedisValue _cursor = "0";
    private long _bytes;
    private int _turns;

    /// <summary>About how much it is, as of a moment ago.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Something was said in the room.</summary>
    public void Note(string room)
    {
        lock (_used) _used.Add(room);
    }

    /// <exception cref="Core.Broadcast.BackplaneException">Redis is away.</exception>
    public async Task KeepAsync()
    {
        await ReportAsync();
        var corrects = _turns++ % CorrectEvery == 0;
        if (!corrects && Bytes <= maxBytes) return;
        if (!await server.AskAsync(database => database.StringSetAsync(keys.RoomsSweep, "1", Turn, When.NotExists))) return;
        try
        {
            if (corrects) await CorrectAsync();
            if (Bytes > maxBytes) evicted(await EvictAsync());
        }
        finally
        {
            await server.AskAsync(database => database.KeyDeleteAsync(keys.RoomsSweep));
        }
    }

    private async Task ReportAsync()
    {
        string[] rooms;
        lock (_used)
        {
            rooms = [.. _used];
            _used.Clear();
        }
        try
        {
            foreach (var some in rooms.Chunk(RoomsAtOnce)) await NoteAsync(some, await MeasureAsync(some), isUsed: true);
            if (rooms.Length == 0) Volatile.Write(ref _bytes, (long?)await server.AskAsync(database => database.StringGetAsync(keys.RoomsTotal)) ?? 0);
        }
        catch
        {
            foreach (var room in rooms) Note(room);
            throw;
        }
    }

    /// <summary>A part of all rooms in each turn: their histories expire by themselves.</summary>
    private async Task CorrectAsync()
    {
        var page = (RedisResult[])(await server.AskAsync(database => database.ExecuteAsync("HSCAN", (RedisKey)keys.RoomsSizes, _cursor, "COUNT", RoomsAtOnce)))!;
        _cursor = (RedisValue)page[0];
        var fields = (string[])page[1]!;
        for (var i = 0; i < fields.Length; i += 2 * RoomsAtOnce) // a small hash comes in one page
        {
            var some = Enumerable.Range(0, Math.Min(RoomsAtOnce, (fields.Length - i) / 2)).Select(n => fields[i + (2 * n)]).ToArray();
            await NoteAsync(some, await MeasureAsync(some), isUsed: false);
        }
    }

    /// <summary>Down to nine tenths of what is allowed, as far as there is something to take.</summary>
    private async Task<int> EvictAsync()
    {
        var count = 0;
        var rooms = await server.AskAsync(database => database.SortedSetRangeByRankAsync(keys.RoomsUsed, 0, MaxRooms - 1));
        foreach (var some in rooms.Select(room => (string)room!).Chunk(RoomsAtOnce / 10))
        {
            if (Bytes <= maxBytes / 10 * 9) break;
            var left = await Task.WhenAll(some.Select(EvictAsync));
            await NoteAsync(some, left, isUsed: true); // those of which something is left go to the end
            count += some.Length;
        }
        return count;
    }

    private async Task<long> EvictAsync(string room) => (long)await server.AskAsync(database => database.ScriptEvaluateAsync(
        RoomQuotaScripts.Evict, [keys.Position(room), keys.History(room)], [keys.Channel(Audience.Room(room))]));

    private Task<long[]> MeasureAsync(string[] rooms) => Task.WhenAll(rooms.Select(async room => (long)await server.AskAsync(database => database.ScriptEvaluateAsync(
        RoomQuotaScripts.Measure, [keys.Position(room), keys.History(room)]))));

    private async Task NoteAsync(string[] rooms, long[] sizes, bool isUsed)
    {
        if (rooms.Length == 0) return;
        RedisValue[] arguments = [isUsed ? "1" : "0", .. rooms.Zip(sizes).SelectMany(static r => (RedisValue[])[r.First, r.Second])];
        var total = await server.AskAsync(database => database.ScriptEvaluateAsync(RoomQuotaScripts.Note, [keys.RoomsUsed, keys.RoomsSizes, keys.RoomsTotal], arguments));
        Volatile.Write(ref _bytes, (long)total);
    }
}
