using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Core.Broadcast;
using Gateway.Core.Moderation;
using Gateway.Core.Supervision;
using StackExchange.Redis;

namespace Gateway.Redis.Moderation;

/// <summary>
/// The sanctions of several replicas. Redis keeps all that holds and numbers the changes; each replica keeps a copy. A change is published, and every replica looks twice
/// a second whether it has missed one: then, or when the connection was lost, it reads everything anew. If Redis has lost its data, the replicas write again what they know.
/// </summary>
internal sealed partial class RedisSanctions(RedisServers servers, RedisKeys keys, Supervisor supervisor, TimeProvider time, ILogger<RedisSanctions> logger) : BackgroundService, ISanctions
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private readonly SanctionBook _book = new(time);
    private readonly SupervisedLoop _loop = supervisor.Loop("sanctions");
    private readonly SemaphoreSlim _reading = new(1);

    // What the book shows: guarded by itself.
    private readonly Lock _lock = new();
    private string _data = "";
    private long _number;

    public event Action<Sanction>? Imposed
    {
        add => _book.Imposed += value;
        remove => _book.Imposed -= value;
    }

    private RedisConnection Server => servers.For(RedisKeys.Sanctions);

    public Sanction? Find(SanctionKind kind, string userId, string? room = null) => _book.Find(kind, userId, room);

    public async ValueTask ImposeAsync(Sanction sanction)
    {
        await ChangeAsync("impose", sanction);
        await CatchUpAsync();
    }

    public async ValueTask<bool> LiftAsync(SanctionKind kind, string userId, string? room = null)
    {
        var held = _book.Find(kind, userId, room) != null;
        var changed = await ChangeAsync("lift", new Sanction(kind, userId, room, time.GetUtcNow(), null));
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
                _book.Tidy();
            },
            stoppingToken);
        await listening;
    }

    private Task ListenAsync(CancellationToken stop) => supervisor.Loop("sanctions_listen").RunAsync(
        async cancel =>
        {
            try
            {
                await Server.Channels.AddAsync(keys.SanctionsChannel, OnChange);
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
        if (Read(json) is not { } sanction) return false;
        lock (_lock)
        {
            if (data != _data || count != _number + 1) return true; // known already, or something is missing: then the next look reads everything
            _number = count;
            if (op == "lift") _book.Lift(sanction.Kind, sanction.UserId, sanction.Room);
            else _book.Impose(sanction);
        }
        return true;
    }

    /// <returns><c>null</c> if it is of another version, or not ours.</returns>
    private static Sanction? Read(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<Sanction>(json) is { UserId: not null } sanction ? sanction : null;
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
            foreach (var sanction in _book.All) await ChangeAsync("restore", sanction);
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
            SanctionScripts.Read, [keys.Sanctioned, keys.SanctionEnds], [NewData(), data, number]), Limit))!;
        var (newData, newNumber, fields) = ((string)answer[0]!, (long)answer[1], (RedisValue[])answer[2]!);
        if (fields.Length == 0) return true;
        if (data.Length > 0 && data != newData && _book.All.Count > 0) return false;
        var standing = new List<Sanction>(fields.Length / 2);
        for (var i = 0; i < fields.Length; i += 2)
            if ((string)fields[i]! is not ("" or "#") && Read((string)fields[i + 1]!) is { } sanction && sanction.Holds(time.GetUtcNow()))
                standing.Add(sanction);
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

    private async Task<bool> ChangeAsync(string op, Sanction sanction)
    {
        var ends = sanction.Until?.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture) ?? "";
        var answer = (RedisResult[])(await Server.AskAsync(database => database.ScriptEvaluateAsync(
            SanctionScripts.Change,
            [keys.Sanctioned, keys.SanctionEnds],
            [NewData(), keys.SanctionsChannel, op, Key(sanction), JsonSerializer.Serialize(sanction), ends]), Limit))!;
        return (int)answer[0] == 1;
    }

    private static string Key(Sanction sanction) => string.Create(CultureInfo.InvariantCulture, $"{(int)sanction.Kind}:{sanction.UserId.Length}:{sanction.UserId}:{sanction.Room}");

    private static string NewData() => RandomNumberGenerator.GetHexString(8, lowercase: true);

    private static partial class Log
    {
        [LoggerMessage(2, LogLevel.Warning, "Redis has lost the sanctions: what this replica knows is written again")]
        public static partial void DataLost(ILogger logger);
    }
}
