using System.Security.Cryptography;
using System.Text.Json;
using Gateway.Core.Replicas;
using Gateway.Core.Wire;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Presence;

/// <summary>
/// This replica's lease on one Redis server, kept alive by heartbeats: a value that changes on every beat. It also watches the leases of
/// the other replicas. A lease expires when its heartbeat has not changed for long enough while this replica was able to read it, so an
/// outage, a slow Redis or a jump of its clock expires no lease. A replica whose own lease has been ended takes a new one; another replica
/// removes the members of the old one. Not thread-safe, except for the public properties: one loop sends the heartbeats.
/// </summary>
internal sealed partial class ReplicaLease(
    RedisConnection server, RedisKeys keys, ReplicaStatus status, TimeSpan length, TimeProvider time, ILogger<ReplicaLease> logger)
{
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, (RedisValue Heartbeat, TimeSpan Unchanged)> _observed = new(StringComparer.Ordinal);
    private volatile LeaseName _name = new($"{status.Id}/1", "");
    private volatile IReadOnlyList<Replica> _otherReplicas = [];
    private volatile HashSet<string> _knownLeases = [];
    private RedisValue _lastHeartbeat;
    private string? _dataId;
    private bool _isHeld;
    private int _generation = 1;
    private long _heartbeats;
    private long _lastReadAt;

    /// <summary>The time between two heartbeats.</summary>
    public TimeSpan HeartbeatInterval { get; } =
        length / 10 > LongestInterval ? LongestInterval : length / 10 < ShortestInterval ? ShortestInterval : length / 10;

    /// <summary>The name of the current lease and of the one before it.</summary>
    public LeaseName Name => _name;

    /// <summary>The other replicas, as of the last heartbeat.</summary>
    public IReadOnlyList<Replica> OtherReplicas => _otherReplicas;

    /// <summary>Whether Redis had the lease at the last heartbeat, active or ended.</summary>
    public bool IsKnown(string lease) => _knownLeases.Contains(lease) || _name.Current == lease;

    /// <summary>Writes a heartbeat and reads those of the other replicas.</summary>
    /// <exception cref="Core.Broadcast.BackplaneException">Redis is unavailable.</exception>
    public async Task<HeartbeatResult> SendHeartbeatAsync()
    {
        var (isHeld, ended, active) = await WriteHeartbeatAsync();
        var isNew = !_isHeld;
        if (!isHeld)
        {
            isNew = true;
            _isHeld = false;
            _name = new LeaseName($"{status.Id}/{++_generation}", _name.Current);
            Log.LeaseLost(logger, _name.Current);
            (_, ended, active) = await WriteHeartbeatAsync();
        }
        _isHeld = true;
        var dataId = (string?)active.GetValueOrDefault("");
        var dataLost = _dataId != null && _dataId != dataId;
        _dataId = dataId;
        active.Remove("");
        active.Remove(_name.Current);
        var expired = FindExpired(active);
        _knownLeases = active.Keys.Concat(ended).ToHashSet(StringComparer.Ordinal);
        _otherReplicas = [.. active
            .Where(entry => !expired.Any(lease => lease.Name == entry.Key))
            .Select(entry => Read(entry.Value))
            .OfType<Replica>()
            .OrderBy(replica => replica.StartedAt)];
        return new HeartbeatResult(isNew, dataLost, expired, ended);
    }

    /// <summary>Reads another replica's current entry.</summary>
    /// <exception cref="Core.Broadcast.BackplaneException">Redis is unavailable.</exception>
    public async Task<Replica?> FindReplicaAsync(string id)
    {
        var active = await server.ExecuteAsync(database => database.HashGetAllAsync(keys.ActiveLeases), PresenceRooms.Timeout);
        return active.Select(entry => Read(entry.Value)).FirstOrDefault(replica => replica?.Id == id);
    }

    /// <summary>Ends another replica's lease, unless its heartbeat has changed.</summary>
    /// <returns>Whether this call ended it. If so, this replica removes the lease's members.</returns>
    public async Task<bool> TryEndAsync(ExpiredLease lease)
    {
        var ended = await EndAsync(lease.Name, lease.Heartbeat, reaper: _name.Current);
        if (ended) Log.ReplicaDead(logger, lease.Name);
        return ended;
    }

    /// <summary>Ends this replica's own lease at shutdown, so the others need not wait for its expiry.</summary>
    public Task ReleaseAsync() => _isHeld ? EndAsync(_name.Current, _lastHeartbeat, reaper: "") : Task.CompletedTask;

    private async Task<bool> EndAsync(string lease, RedisValue heartbeat, string reaper)
    {
        RedisKey[] scriptKeys = [keys.ActiveLeases, keys.EndedLeases, keys.CleanupLock(lease)];
        RedisValue[] arguments = [lease, heartbeat, reaper, (long)length.TotalMilliseconds];
        return (int)await server.ExecuteAsync(
            database => database.ScriptEvaluateAsync(PresenceScripts.End, scriptKeys, arguments), PresenceRooms.Timeout) == 1;
    }

    private async Task<(bool IsHeld, IReadOnlyList<string> Ended, Dictionary<string, RedisValue> Active)> WriteHeartbeatAsync()
    {
        _lastHeartbeat = Write(status.Now, ++_heartbeats);
        RedisKey[] scriptKeys = [keys.ActiveLeases, keys.EndedLeases];
        RedisValue[] arguments = [
            _name.Current, _lastHeartbeat, RandomNumberGenerator.GetHexString(8, lowercase: true), _isHeld ? "1" : ""];
        var reply = (RedisResult[])(await server.ExecuteAsync(
            database => database.ScriptEvaluateAsync(PresenceScripts.Heartbeat, scriptKeys, arguments), PresenceRooms.Timeout))!;
        var fields = (RedisValue[])reply[2]!;
        var active = new Dictionary<string, RedisValue>(StringComparer.Ordinal);
        for (var i = 0; i < fields.Length; i += 2) active[fields[i]!] = fields[i + 1];
        return ((int)reply[0] == 1, (string[])reply[1]!, active);
    }

    /// <summary>
    /// Finds leases whose heartbeat has not changed for too long. A pause of this replica counts as one interval at most, because the other
    /// replicas may have paused too.
    /// </summary>
    private List<ExpiredLease> FindExpired(Dictionary<string, RedisValue> active)
    {
        var now = time.GetTimestamp();
        var sinceLastRead = _lastReadAt == 0 ? TimeSpan.Zero : time.GetElapsedTime(_lastReadAt, now);
        if (sinceLastRead > HeartbeatInterval) sinceLastRead = HeartbeatInterval;
        _lastReadAt = now;
        var expired = new List<ExpiredLease>();
        foreach (var lease in _observed.Keys.Except(active.Keys, StringComparer.Ordinal).ToList()) _observed.Remove(lease);
        foreach (var (lease, heartbeat) in active)
        {
            var isUnchanged = _observed.TryGetValue(lease, out var previous) && previous.Heartbeat == heartbeat;
            var unchanged = isUnchanged ? previous.Unchanged + sinceLastRead : TimeSpan.Zero;
            _observed[lease] = (heartbeat, unchanged);
            // Three intervals are left for detecting the expiry and removing the members.
            if (unchanged >= length - (3 * HeartbeatInterval)) expired.Add(new ExpiredLease(lease, heartbeat));
        }
        return expired;
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
        json.WriteNumber("messages_in"u8, p.replica.Load.MessagesIn);
        json.WriteNumber("messages_out"u8, p.replica.Load.MessagesOut);
        json.WriteNumber("deliveries"u8, p.replica.Load.Deliveries);
        json.WriteNumber("dropped"u8, p.replica.Load.Dropped);
        json.WriteNumber("heartbeat"u8, p.number);
        json.WriteEndObject();
    });

    /// <returns><c>null</c> if the entry has another version.</returns>
    private static Replica? Read(RedisValue heartbeat)
    {
        try
        {
            using var json = JsonDocument.Parse((byte[])heartbeat!);
            var replica = json.RootElement;
            return new Replica(
                replica.GetProperty("replica").GetString()!,
                replica.GetProperty("address").GetString()!,
                DateTimeOffset.FromUnixTimeMilliseconds(replica.GetProperty("started_at").GetInt64()),
                replica.GetProperty("raw").GetInt32(),
                replica.GetProperty("signalr").GetInt32(),
                replica.TryGetProperty("frames"u8, out var frames) ? frames.GetInt32() : 0,
                replica.TryGetProperty("host"u8, out var host) ? host.GetString()! : "")
            {
                Load = ReadLoad(replica),
            };
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    /// <returns>No load if the entry is of a version that did not write it.</returns>
    private static ReplicaLoad ReadLoad(JsonElement replica) => !replica.TryGetProperty("messages_in"u8, out var messagesIn)
        ? ReplicaLoad.None
        : new ReplicaLoad(
            messagesIn.GetDouble(),
            replica.GetProperty("messages_out").GetDouble(),
            replica.GetProperty("deliveries").GetDouble(),
            replica.GetProperty("dropped").GetInt64());

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "The lease of this replica was ended by another replica, or Redis lost its data. "
            + "The replica continues under the lease {Lease}")]
        public static partial void LeaseLost(ILogger logger, string lease);

        [LoggerMessage(2, LogLevel.Warning, "A replica is dead: its lease {Lease} has expired")]
        public static partial void ReplicaDead(ILogger logger, string lease);
    }
}

/// <summary>The names of a replica's leases.</summary>
/// <param name="Current">The lease that the replica holds.</param>
/// <param name="Previous">The lease before it, which another replica has ended; empty if there was none.</param>
internal sealed record LeaseName(string Current, string Previous);

/// <summary>Another replica's lease whose heartbeat no longer changes.</summary>
internal readonly record struct ExpiredLease(string Name, RedisValue Heartbeat);

/// <summary>What a replica learns when it sends a heartbeat.</summary>
/// <param name="IsNew">The lease is new: Redis has no members under it yet.</param>
/// <param name="DataLost">Redis has lost the data that it had before.</param>
/// <param name="Expired">Leases of other replicas that have expired and are to be ended.</param>
/// <param name="Ended">Leases that have been ended and still have members.</param>
internal sealed record HeartbeatResult(bool IsNew, bool DataLost, IReadOnlyList<ExpiredLease> Expired, IReadOnlyList<string> Ended);
