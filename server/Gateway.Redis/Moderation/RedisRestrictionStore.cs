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
/// The restrictions of several replicas. Redis has all active restrictions and numbers their changes; each replica has a copy. A change is
/// published, and every replica checks twice a second whether it has missed one. If so, or if the connection was lost, it reads all
/// restrictions again. If Redis has lost its data, the replicas write what they know.
/// </summary>
internal sealed partial class RedisRestrictionStore(
    RedisServers servers, RedisKeys keys, Supervisor supervisor, TimeProvider time, ILogger<RedisRestrictionStore> logger)
    : BackgroundService, IRestrictionStore
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private readonly RestrictionTable _table = new(time);
    private readonly SupervisedLoop _loop = supervisor.Loop("restrictions");
    private readonly SemaphoreSlim _reading = new(1);

    // Guards the fields below, which say what the table shows.
    private readonly Lock _lock = new();
    private string _dataId = "";
    private long _changeNumber;

    public event Action<Restriction>? Imposed
    {
        add => _table.Imposed += value;
        remove => _table.Imposed -= value;
    }

    private RedisConnection Server => servers.For(RedisKeys.RestrictionsTag);

    public Restriction? Find(RestrictionKind kind, string userId, string? room = null) => _table.Find(kind, userId, room);

    public async ValueTask ImposeAsync(Restriction restriction)
    {
        await ChangeAsync("impose", restriction);
        await RefreshAsync();
    }

    public async ValueTask<bool> LiftAsync(RestrictionKind kind, string userId, string? room = null)
    {
        var existed = _table.Find(kind, userId, room) != null;
        var changed = await ChangeAsync("lift", new Restriction(kind, userId, room, time.GetUtcNow(), null));
        await RefreshAsync();
        return changed && existed;
    }

    /// <summary>Reads all restrictions before the first client connects, if Redis is available.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TryRefreshAsync();
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
                await TryRefreshAsync();
                _table.RemoveExpired();
            },
            stoppingToken);
        await listening;
    }

    private Task ListenAsync(CancellationToken stop) => supervisor.Loop("restrictions_listen").RunAsync(
        async cancel =>
        {
            try
            {
                await Server.Channels.SubscribeAsync(keys.RestrictionsChannel, OnChange);
                return false;
            }
            catch (Exception fault) when (fault is BackplaneException or ObjectDisposedException)
            {
                await Task.Delay(Interval, time, cancel); // until then the interval finds missed changes
                return true;
            }
        },
        stop);

    private bool OnChange(ReadOnlyMemory<byte> value)
    {
        if (Encoding.UTF8.GetString(value.Span).Split(' ', 4) is not [var dataId, var changeNumber, var operation, var json]) return false;
        if (!long.TryParse(changeNumber, CultureInfo.InvariantCulture, out var number)) return false;
        if (Read(json) is not { } restriction) return false;
        lock (_lock)
        {
            if (dataId != _dataId || number != _changeNumber + 1) return true; // known, or one is missing and the next refresh reads all
            _changeNumber = number;
            if (operation == "lift") _table.Lift(restriction.Kind, restriction.UserId, restriction.Room);
            else _table.Impose(restriction);
        }
        return true;
    }

    /// <returns><c>null</c> if the value has another version or is not the gateway's.</returns>
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

    private async Task TryRefreshAsync()
    {
        try
        {
            await RefreshAsync();
        }
        catch (BackplaneException)
        {
            // Redis is unavailable: known restrictions stay in force, and the next refresh reads the rest.
        }
        catch (Exception fault)
        {
            _loop.Report(fault); // the startup continues
        }
    }

    private async Task RefreshAsync()
    {
        if (!await _reading.WaitAsync(Timeout)) throw new BackplaneException("Redis did not return the restrictions in time");
        try
        {
            if (await ReadChangesAsync()) return;
            Log.DataLost(logger);
            foreach (var restriction in _table.All) await ChangeAsync("restore", restriction);
            lock (_lock) _dataId = "";
            await ReadChangesAsync();
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <returns>False if Redis has lost the data that it had before. Then nothing is read.</returns>
    private async Task<bool> ReadChangesAsync()
    {
        var (dataId, changeNumber) = GetKnownChange();
        var reply = (RedisResult[])(await Server.ExecuteAsync(database => database.ScriptEvaluateAsync(
            RestrictionScripts.Read, [keys.Restrictions, keys.RestrictionExpiries], [NewDataId(), dataId, changeNumber]), Timeout))!;
        var (newDataId, newChangeNumber, fields) = ((string)reply[0]!, (long)reply[1], (RedisValue[])reply[2]!);
        if (fields.Length == 0) return true;
        if (dataId.Length > 0 && dataId != newDataId && _table.All.Count > 0) return false;
        var active = new List<Restriction>(fields.Length / 2);
        for (var i = 0; i < fields.Length; i += 2)
        {
            if ((string)fields[i]! is "" or "#") continue;
            if (Read((string)fields[i + 1]!) is { } restriction && restriction.IsActive(time.GetUtcNow())) active.Add(restriction);
        }
        lock (_lock)
        {
            if (_dataId == newDataId && _changeNumber >= newChangeNumber) return true; // a newer change has arrived meanwhile
            (_dataId, _changeNumber) = (newDataId, newChangeNumber);
            _table.Replace(active);
        }
        return true;
    }

    private (string DataId, long ChangeNumber) GetKnownChange()
    {
        lock (_lock) return (_dataId, _changeNumber);
    }

    private async Task<bool> ChangeAsync(string operation, Restriction restriction)
    {
        var ends = restriction.Until?.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture) ?? "";
        var reply = (RedisResult[])(await Server.ExecuteAsync(database => database.ScriptEvaluateAsync(
            RestrictionScripts.Change,
            [keys.Restrictions, keys.RestrictionExpiries],
            [NewDataId(), keys.RestrictionsChannel, operation, Key(restriction), JsonSerializer.Serialize(restriction), ends]), Timeout))!;
        return (int)reply[0] == 1;
    }

    private static string Key(Restriction restriction) => string.Create(
        CultureInfo.InvariantCulture, $"{(int)restriction.Kind}:{restriction.UserId.Length}:{restriction.UserId}:{restriction.Room}");

    private static string NewDataId() => RandomNumberGenerator.GetHexString(8, lowercase: true);

    private static partial class Log
    {
        [LoggerMessage(2, LogLevel.Warning, "Redis has lost the restrictions. This replica writes those that it knows")]
        public static partial void DataLost(ILogger logger);
    }
}
