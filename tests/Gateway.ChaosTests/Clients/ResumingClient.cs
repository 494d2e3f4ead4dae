using System.Collections.Concurrent;
using System.Security.Cryptography;
using Gateway.Testing;

namespace Gateway.ChaosTests.Clients;

/// <summary>
/// Behaves as a good application does: it connects again whenever its connection ends, to the next replica of its list; goes on in each
/// room where it stopped; stays the same user by its guest key; and sends a message again, under the same id, until it is acknowledged.
/// </summary>
internal sealed class ResumingClient : IAsyncDisposable
{
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(50);

    private readonly string _guestKey = RandomNumberGenerator.GetHexString(32, lowercase: true);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _faults = [];
    private readonly ConcurrentQueue<string> _ends = [];
    private readonly Dictionary<string, RoomLog> _rooms;
    private readonly Dialect _dialect;
    private readonly IReadOnlyList<Uri> _replicas;
    private volatile TaskCompletionSource<Session> _ready = NotReady();
    private Session? _session;
    private Task _living = Task.CompletedTask;
    private TimeSpan _away;
    private int _replica;
    private int _refusals;
    private int _connections;

    /// <param name="replica">The one of the list to begin with.</param>
    public ResumingClient(string name, Dialect dialect, IReadOnlyList<Uri> replicas, int replica, IEnumerable<string> rooms)
    {
        Name = name;
        _dialect = dialect;
        _replicas = replicas;
        _replica = replica;
        _rooms = rooms.ToDictionary(room => room, room => new RoomLog(name, room));
    }

    public string Name { get; }
    public IReadOnlyCollection<RoomLog> Rooms => _rooms.Values;

    /// <summary>How often it connected and entered all its rooms.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Why its connections ended, or could not be had, one after the other.</summary>
    public IReadOnlyCollection<string> Ends => _ends;

    /// <summary>How often it was told 503.</summary>
    public int Refusals => Volatile.Read(ref _refusals);

    /// <summary>What should never come.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    public bool IsIn => _ready.Task.IsCompletedSuccessfully;

    public void Start() => _living = LiveAsync();

    public Task WhenInAsync(TimeSpan? limit = null) => _ready.Task.Within($"{Name} to be in its rooms", limit);

    /// <summary>Sends until it is acknowledged.</summary>
    /// <returns>The message's offset.</returns>
    /// <exception cref="GatewayError">It was refused for another reason than the backplane's being away.</exception>
    public async Task<long> ChatAsync(string room, MessageId id, CancellationToken cancel)
    {
        while (true)
        {
            var session = await _ready.Task.WaitAsync(cancel);
            try
            {
                return await session.ChatAsync(room, id).WaitAsync(cancel);
            }
            catch (GatewayError refusal) when (refusal.Code == 503)
            {
                Interlocked.Increment(ref _refusals);
            }
            catch (Exception trouble) when (trouble is not GatewayError && !cancel.IsCancellationRequested)
            {
                Note(trouble);
                if (trouble is TimeoutException)
                {
                    _ends.Enqueue($"given up, as it {trouble.Message}");
                    session.Abort(); // nobody answers: elsewhere somebody will
                }
            }
            await Task.Delay(Breath, cancel);
        }
    }

    public async Task PingAsync() => await (await _ready.Task.Within($"{Name} to be connected")).PingAsync();

    /// <summary>Breaks the connection without a word, and connects again after a while.</summary>
    public void Drop(TimeSpan away)
    {
        _away = away;
        _ends.Enqueue("cut by the test");
        Volatile.Read(ref _session)?.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _living.Within($"{Name} to end", TimeSpan.FromSeconds(30));
        _stop.Dispose();
    }

    private async Task LiveAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var session = await Session.OpenAsync(
                    _dialect, _replicas[_replica], $"?rooms=&username={Name}&guest_key={_guestKey}", _rooms, _faults.Enqueue);
                Volatile.Write(ref _session, session);
                await Task.WhenAll(_rooms.Values.Select(room => EnterAsync(session, room)));
                Interlocked.Increment(ref _connections);
                _ready.TrySetResult(session);
                var (code, reason) = await session.Over.WaitAsync(_stop.Token);
                _ends.Enqueue(reason == null ? $"{code}: no close frame" : $"{code}: {reason}");
            }
            catch (Exception trouble)
            {
                Note(trouble);
                if (!_stop.IsCancellationRequested) _ends.Enqueue(trouble.Message);
            }
            finally
            {
                Volatile.Write(ref _session, null);
                if (_ready.Task.IsCompleted) _ready = NotReady();
            }
            _replica = (_replica + 1) % _replicas.Count;
            await Task.WhenAny(Task.Delay(_away > Breath ? _away : Breath, _stop.Token)); // WhenAny: does not throw at the end
            _away = TimeSpan.Zero;
        }
    }

    private async Task EnterAsync(Session session, RoomLog room)
    {
        while (true)
        {
            try
            {
                await session.JoinAsync(room);
                return;
            }
            catch (GatewayError refusal) when (refusal.Code == 503)
            {
                Interlocked.Increment(ref _refusals);
            }
            var again = Task.Delay(Breath, _stop.Token);
            await await Task.WhenAny(again, session.Over);
            if (session.Over.IsCompleted) throw new IOException("the connection ended before the room was entered");
        }
    }

    /// <summary>
    /// An end of the connection is what this client is for. What the gateway says is not, nor is its failing without saying anything.
    /// </summary>
    private void Note(Exception trouble)
    {
        if (trouble is GatewayError
            || (trouble is Microsoft.AspNetCore.SignalR.HubException hub
                && !hub.Message.Contains("closed the connection", StringComparison.Ordinal)))
            _faults.Enqueue(trouble.Message);
    }

    private static TaskCompletionSource<Session> NotReady() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
