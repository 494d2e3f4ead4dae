using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Core.Broadcast;
using Gateway.Core.Moderation;
using Gateway.Core.Supervision;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Moderation;

/// <summary>
/// The restrictions of several replicas. Redis keeps all that holds and numbers the changes; each replica keeps a copy. A change is published, and every replica looks twice
/// a second whether it has missed one: then, or when the connection was lost, it reads everything anew. If Redis has lost its data, the replicas write again what they know.
/// </summary>
internal sealed partial class RedisRestrictionStore(RedisServers servers, RedisKeys keys, Supervisor supervisor, TimeProvider time, ILogger<RedisRestrictionStore> logger) : BackgroundService, IRestrictionStore
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private readonly RestrictionTable _book = new(time);
    private readonly SupervisedLoop _loop = supervisor.Loop("restrictions");
    private readonly SemaphoreSlim _reading = new(1);

    // What the book shows: guarded by itself.
    private readonly Lock _lock = new();
    private string _data = "";
    private long _number;

    public event Action<Restriction>? Imposed
    {
        add => _book.Imposed += value;
        remove => _book.Imposed -= value;
    }

    private RedisConnection Server => servers.For(RedisKeys.Restrictions);

    public Restriction? Find(RestrictionKind kind, string userId, string? room = null) => _book.Find(kind, userId, room);

    public async ValueTask ImposeAsync(Restriction restriction)
    {
        await ChangeAsync("impose", restriction);
        await CatchUpAsync();
    }

    public async ValueTask<bool> LiftAsync(RestrictionKind kind, string userId, string? room = null)
    {
        var held = _book.Find(kind, userId, room) != null;
        var changed = await ChangeAsync("lift", new Restriction(kind, userId, room, time.GetUtcNow(), null));
        await CatchUpAsync();
        return changed && held;
    }

    /// <summary>Knows all that holds before the first client is let in, if Redis is there.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await LookAsync();
        await base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _reading.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var listening = ListenAsync(stoppingToken);
        await _loop.EveryAsync(
            Interval,
            async _ =>
            {
                await LookAsync();
                _book.RemoveExpired();
            },
            stoppingToken);
        await listening;
    }

    private Task ListenAsync(CancellationToken stop) => supervisor.Loop("restrictions_listen").RunAsync(
        async cancel =>
        {
            try
            {
                await Server.Channels.AddAsync(keys.RestrictionsChannel, OnChange);
                return false;
            }
            catch (Exception fault) when (fault is BackplaneException or ObjectDisposedException)
            {
                await Task.Delay(Interval, time, cancel); // until then what is missed is looked for
                return true;
            }
        },
        stop);

    private bool OnChange(ReadOnlyMemory<byte> value)
    {
        if (Encoding.UTF8.GetString(value.Span).Split(' ', 4) is not [var data, var number, var op, var json] || !long.TryParse(number, CultureInfo.InvariantCulture, out var count)) return false;
        if (Read(json) is not { } restriction) return false;
        lock (_lock)
        {
            if (data != _data || count != _number + 1) return true; // known already, or something is missing: then the next look reads everything
            _number = count;
            if (op == "lift") _book.Lift(restriction.Kind, restriction.UserId, restriction.Room);
            else _book.Impose(restriction);
        }
        return true;
    }

    /// <returns><c>null</c> if it is of another version, or not ours.</returns>
    private static Restriction? Read(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<Restriction>(json) is { UserId: not null } restriction ? restriction : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task LookAsync()
    {
        try
        {
            await CatchUpAsync();
        }
        catch (BackplaneException)
        {
            // Redis is away: what is known holds on, and the next look makes up for the rest.
        }
        catch (Exception fault)
        {
            _loop.Report(fault); // also at the start, which it does not stop
        }
    }

    private async Task CatchUpAsync()
    {
        if (!await _reading.WaitAsync(Limit)) throw new BackplaneException("Redis is slow");
        try
        {
            if (await ReadAsync()) return;
            Log.DataLost(logger);
            foreach (var restriction in _book.All) await ChangeAsync("restore", restriction);
            lock (_lock) _data = "";
            await ReadAsync();
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <returns>False if Redis holds other data than before, and nothing was taken over.</returns>
    private async Task<bool> ReadAsync()
    {
        var (data, number) = Known();
        var answer = (RedisResult[])(await Server.AskAsync(database => database.ScriptEvaluateAsync(
            RestrictionScripts.Read, [keys.Restricted, keys.RestrictionEnds], [NewData(), data, number]), Limit))!;
        var (newData, newNumber, fields) = ((string)answer[0]!, (long)answer[1], (RedisValue[])answer[2]!);
        if (fields.Length == 0) return true;
        if (data.Length > 0 && data != newData && _book.All.Count > 0) return false;
        var standing = new List<Restriction>(fields.Length / 2);
        for (var i = 0; i < fields.Length; i += 2)
            if ((string)fields[i]! is not ("" or "#") && Read((string)fields[i + 1]!) is { } restriction && restriction.IsActive(time.GetUtcNow()))
                standing.Add(restriction);
        lock (_lock)
        {
            if (_data == newData && _number >= newNumber) return true; // a change came in between that is newer
            (_data, _number) = (newData, newNumber);
            _book.Replace(standing);
        }
        return true;
    }

    private (string Data, long Number) Known()
    {
        lock (_lock) return (_data, _number);
    }

    private async Task<bool> ChangeAsync(string op, Restriction restriction)
    {
        var ends = restriction.Until?.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture) ?? "";
        var answer = (RedisResult[])(await Server.AskAsync(database => database.ScriptEvaluateAsync(
            RestrictionScripts.Change,
            [keys.Restricted, keys.RestrictionEnds],
            [NewData(), keys.RestrictionsChannel, op, Key(restriction), JsonSerializer.Serialize(restriction), ends]), Limit))!;
        return (int)answer[0] == 1;
    }

    private static string Key(Restriction restriction) => string.Create(CultureInfo.InvariantCulture, $"{(int)restriction.Kind}:{restriction.UserId.Length}:{restriction.UserId}:{restriction.Room}");

    private static string NewData() => RandomNumberGenerator.GetHexString(8, lowercase: true);

    private static partial class Log
    {
        [LoggerMessage(2, LogLevel.Warning, "Redis has lost the restrictions: what this replica knows is written again")]
        public static partial void DataLost(ILogger logger);
    }
}
