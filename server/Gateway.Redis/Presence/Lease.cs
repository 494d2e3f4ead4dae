using System.Security.Cryptography;
using System.Text.Json;
using Gateway.Core.Replicas;
using Gateway.Core.Wire;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Presence;

/// <summary>
/// By what a Redis server knows that this replica lives: a sign that changes, given again and again. And what is seen there of the others: a lease whose sign has
/// not changed for long enough, in the time during which we were able to look, is over. (So a time in which Redis is away, or slow, or its clock jumps, ends nobody's.)
/// Whoever finds its own lease ended takes a new one: what hung on the old one is cleared up by others, perhaps just now.
/// Not thread-safe but for what it shows: one loop gives the signs.
/// </summary>
internal sealed partial class Lease(RedisConnection server, RedisKeys keys, ReplicaStatus own, TimeSpan length, TimeProvider time, ILogger<Lease> logger)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, (RedisValue Sign, TimeSpan Silence)> _others = new(StringComparer.Ordinal);
    private volatile Names _names = new($"{own.Id}/1", "");
    private volatile IReadOnlyList<Replica> _replicas = [];
    private volatile IReadOnlySet<string> _known = new HashSet<string>();
    private RedisValue _ownSign;
    private string? _data;
    private bool _held;
    private int _generation = 1;
    private long _signs;
    private long _lookedAt;

    /// <summary>Between two signs.</summary>
    public TimeSpan Interval { get; } = length / 10 > Longest ? Longest : length / 10 < Shortest ? Shortest : length / 10;

    /// <summary>The lease's name, and that of the one that it follows, or "".</summary>
    public Names Held => _names;

    /// <summary>The other replicas, as of the last sign.</summary>
    public IReadOnlyList<Replica> Others => _replicas;

    /// <summary>Has this lease been there, alive or over, when we last looked?</summary>
    public bool Knows(string lease) => _known.Contains(lease) || _names.Current == lease;

    /// <summary>Gives a sign of life, and looks at those of the others.</summary>
    /// <exception cref="Core.Broadcast.BackplaneException">Redis is away.</exception>
    public async Task<HeartbeatResult> SignAsync()
    {
        var (stands, dead, alive) = await BeatAsync();
        var isNew = !_held;
        if (!stands)
        {
            isNew = true;
            _held = false;
            _names = new Names($"{own.Id}/{++_generation}", _names.Current);
            Log.Lost(logger, _names.Current);
            (_, dead, alive) = await BeatAsync();
        }
        _held = true;
        var data = (string?)alive.GetValueOrDefault("");
        var dataLost = _data != null && _data != data;
        _data = data;
        alive.Remove("");
        alive.Remove(_names.Current);
        var over = Judge(alive);
        _known = alive.Keys.Concat(dead).ToHashSet(StringComparer.Ordinal);
        _replicas = [.. alive.Where(a => !over.Any(o => o.Lease == a.Key)).Select(a => Read(a.Value)).OfType<Replica>().OrderBy(r => r.StartedAt)];
        return new HeartbeatResult(isNew, dataLost, over, dead);
    }

    /// <summary>Another replica, as it is now.</summary>
    /// <exception cref="Core.Broadcast.BackplaneException">Redis is away.</exception>
    public async Task<Replica?> LookUpAsync(string replica)
    {
        var alive = await server.AskAsync(database => database.HashGetAllAsync(keys.Alive), PresenceRooms.Limit);
        return alive.Select(entry => Read(entry.Value)).FirstOrDefault(found => found?.Id == replica);
    }

    /// <summary>Ends another's lease, if it is still as it was seen.</summary>
    /// <returns>Whether this ended it: then it is for us to clear up after it.</returns>
    public async Task<bool> EndAsync(string lease, RedisValue sign)
    {
        var ended = await EndAsync(lease, sign, clearedBy: _names.Current);
        if (ended) Log.Dead(logger, lease);
        return ended;
    }

    /// <summary>The replica stops: the others clear up what it leaves, without waiting for its silence.</summary>
    public Task EndOwnAsync() => _held ? EndAsync(_names.Current, _ownSign, clearedBy: "") : Task.CompletedTask;

    private async Task<bool> EndAsync(string lease, RedisValue sign, string clearedBy) => (int)await server.AskAsync(database => database.ScriptEvaluateAsync(
        PresenceScripts.End, [keys.Alive, keys.Dead, keys.Clearing(lease)], [lease, sign, clearedBy, (long)length.TotalMilliseconds]), PresenceRooms.Limit) == 1;

    private async Task<(bool Stands, IReadOnlyList<string> Dead, Dictionary<string, RedisValue> Alive)> BeatAsync()
    {
        _ownSign = Write(own.Now, ++_signs);
        var beat = (RedisResult[])(await server.AskAsync(database => database.ScriptEvaluateAsync(
            PresenceScripts.Beat, [keys.Alive, keys.Dead], [_names.Current, _ownSign, RandomNumberGenerator.GetHexString(8, lowercase: true), _held ? "1" : ""]), PresenceRooms.Limit))!;
        var fields = (RedisValue[])beat[2]!;
        var alive = new Dictionary<string, RedisValue>(StringComparer.Ordinal);
        for (var i = 0; i < fields.Length; i += 2) alive[fields[i]!] = fields[i + 1];
        return ((int)beat[0] == 1, (string[])beat[1]!, alive);
    }

    /// <summary>Whose sign has not changed for too long. A pause in our own looking counts no longer than one interval: others may have paused with us.</summary>
    private List<(string Lease, RedisValue Sign, TimeSpan Silence)> Judge(Dictionary<string, RedisValue> alive)
    {
        var now = time.GetTimestamp();
        var looked = _lookedAt == 0 ? TimeSpan.Zero : time.GetElapsedTime(_lookedAt, now);
        if (looked > Interval) looked = Interval;
        _lookedAt = now;
        var over = new List<(string, RedisValue, TimeSpan)>();
        foreach (var lease in _others.Keys.Except(alive.Keys, StringComparer.Ordinal).ToList()) _others.Remove(lease);
        foreach (var (lease, sign) in alive)
        {
            var silence = _others.TryGetValue(lease, out var seen) && seen.Sign == sign ? seen.Silence + looked : TimeSpan.Zero;
            _others[lease] = (sign, silence);
            if (silence >= length - (3 * Interval)) over.Add((lease, sign, silence)); // what is left is for looking and clearing up
        }
        return over;
    }

    private static byte[] Write(Replica replica, long number) => JsonText.Write((replica, number), static (json, p) =>
    {
        json.WriteStartObject();
        json.WriteString("replica"u8, p.replica.Id);
        json.WriteString("address"u8, p.replica.Address);
        json.WriteString("host"u8, p.replica.Host);
        json.WriteNumber("started_at"u8, p.replica.StartedAt.ToUnixTimeMilliseconds());
        json.WriteNumber("raw"u8, p.replica.Raw);
        json.WriteNumber("signalr"u8, p.replica.SignalR);
        json.WriteNumber("frames"u8, p.replica.Frames);
        json.WriteNumber("sign"u8, p.number);
        json.WriteEndObject();
    });

    /// <returns><c>null</c> if it is of another version.</returns>
    private static Replica? Read(RedisValue sign)
    {
        try
        {
            using var json = JsonDocument.Parse((byte[])sign!);
            var replica = json.RootElement;
            return new Replica(
                replica.GetProperty("replica").GetString()!,
                replica.GetProperty("address").GetString()!,
                DateTimeOffset.FromUnixTimeMilliseconds(replica.GetProperty("started_at").GetInt64()),
                replica.GetProperty("raw").GetInt32(),
                replica.GetProperty("signalr").GetInt32(),
                replica.TryGetProperty("frames"u8, out var frames) ? frames.GetInt32() : 0,
                replica.TryGetProperty("host"u8, out var host) ? host.GetString()! : "");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    /// <param name="Former">The lease before this one, which the others have ended; or "".</param>
    public sealed record Names(string Current, string Former);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The other replicas took this one for dead, or Redis lost its data: it goes on under the lease {Lease}")]
        public static partial void Lost(ILogger logger, string lease);

        [LoggerMessage(2, LogLevel.Warning, "A replica is dead, its lease {Lease} is over")]
        public static partial void Dead(ILogger logger, string lease);
    }
}

/// <summary>What was seen when a sign of life was given.</summary>
/// <param name="IsNew">The lease has just begun: nothing hangs on it yet.</param>
/// <param name="DataLost">Redis holds other data than before.</param>
/// <param name="Over">Leases to be ended, each with its last sign, and for how long that has not changed.</param>
/// <param name="Dead">Leases that have been ended, and still have to be cleared up.</param>
internal sealed record HeartbeatResult(bool IsNew, bool DataLost, IReadOnlyList<(string Lease, RedisValue Sign, TimeSpan Silence)> Over, IReadOnlyList<string> Dead);
