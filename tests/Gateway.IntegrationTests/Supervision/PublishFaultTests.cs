using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Tests;
using Gateway.Core.Tests.Broadcast;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Supervision;

/// <summary>
/// Batches of messages whose answer from Redis is lost: every sender hears what became of its message, in time, and nothing comes twice.
/// </summary>
public sealed class PublishFaultTests : IAsyncLifetime
{
    private static readonly Audience Room = Audience.Room("r");
    private static readonly Retention Kept = new(100, TimeSpan.FromHours(1));
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    private readonly RecordingReceiver _receiver = new();
    private RedisServer _redis = null!;
    private AnswerThief _thief = null!;
    private RedisReplica _replica = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _thief = new AnswerThief(_redis.Port);
        _replica = await RedisReplica.OpenAsync([_thief.Address], _receiver, options => options.PublishTimeout = Limit);
        await _replica.Backplane.SubscribeAsync(Room, Kept).Bounded();
    }

    public async ValueTask DisposeAsync()
    {
        await _replica.DisposeAsync();
        _thief.Dispose();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task BatchWhoseAnswerWasLostIsPublishedOnceAndAcknowledgedWithItsOffsets()
    {
        await PublishAsync("first").Bounded();
        _thief.Steal("second");

        var (second, third) = (PublishAsync("second"), PublishAsync("third"));

        Assert.Equal((2, 3), ((await second.Bounded()).Position.Offset, (await third.Bounded()).Position.Offset));
        Assert.Equal(
            ["first", "second", "third"],
            (await _receiver.HasAsync(3)).Select(a => Encoding.UTF8.GetString(a.Message.Payload.Span).Trim('"')));
    }

    /// <summary>
    /// The old one waits while Redis hears nothing; then both are in one batch, the answer to which is lost again and again.
    /// </summary>
    [Fact]
    public async Task NoSenderHangsWhenPartOfABatchExpiresAndTheAnswerOfTheRestIsLost()
    {
        _thief.IsDeaf = true;
        var blocking = PublishAsync("blocking"); // is under way, so that what follows makes one batch
        var old = PublishAsync("old");
        await Task.Delay(Limit / 2, TestContext.Current.CancellationToken); // the ages of the two differ
        var young = PublishAsync("young");
        await Assert.ThrowsAsync<BackplaneException>(() => blocking.Bounded());

        _thief.Steal("young");
        _thief.IsDeaf = false;
        _thief.Cut();

        var began = TimeProvider.System.GetTimestamp();
        foreach (var sender in new[] { old, young })
        {
            try
            {
                Assert.True((await sender.Bounded()).Position.Offset > 0);
            }
            catch (BackplaneException)
            {
                // Told in time that it was not published, or that this is not known.
            }
        }
        Assert.True(TimeProvider.System.GetElapsedTime(began) < 2 * Limit);
        Assert.InRange(_receiver.Arrived.Count(a => Encoding.UTF8.GetString(a.Message.Payload.Span) == "\"young\""), 0, 1);
        await Deadline.Until(() => _replica.Readiness.Reasons.Count == 0, "Redis is back"); // until then publishing is refused at once
        Assert.True((await PublishAsync("after").Bounded()).Position.Offset > 0);
    }

    private Task<PublishResult> PublishAsync(string text) =>
        _replica.Backplane.PublishAsync(Room, new Message("chat", Encoding.UTF8.GetBytes($"\"{text}\"")), Kept).AsTask();
}

/// <summary>Stands between a replica and Redis, and can keep an answer to itself.</summary>
internal sealed class AnswerThief : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _port;
    private readonly Lock _lock = new();
    private readonly List<TcpClient> _open = [];
    private byte[]? _marker;

    public AnswerThief(int port)
    {
        _port = port;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Address => _listener.LocalEndpoint.ToString()!;

    /// <summary>What the replica sends does not reach Redis.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>Redis gets the next command that contains the text; then the connection breaks ahead of its answer.</summary>
    public void Steal(string text) => Volatile.Write(ref _marker, Encoding.UTF8.GetBytes(text));

    public void Cut()
    {
        lock (_lock)
        {
            foreach (var client in _open) client.Dispose();
            _open.Clear();
        }
    }

    public void Dispose()
    {
        _listener.Stop();
        Cut();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var (replica, redis) = (await _listener.AcceptTcpClientAsync(), new TcpClient());
                await redis.ConnectAsync(IPAddress.Loopback, _port);
                lock (_lock) _open.AddRange([replica, redis]);
                var stolen = new TaskCompletionSource();
                _ = CopyAsync(replica, redis, data => Forward(data, stolen), ends: false);
                _ = CopyAsync(redis, replica, _ => !stolen.Task.IsCompleted, ends: true);
            }
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // The test ends.
        }
    }

    private bool Forward(ReadOnlySpan<byte> data, TaskCompletionSource stolen)
    {
        if (Volatile.Read(ref _marker) is { } marker && !IsDeaf && data.IndexOf(marker) >= 0)
        {
            Volatile.Write(ref _marker, null);
            stolen.TrySetResult();
        }
        return !IsDeaf;
    }

    /// <param name="ends">What does not pass ends the connection; otherwise it is swallowed.</param>
    private static async Task CopyAsync(TcpClient from, TcpClient to, Passes passes, bool ends)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.GetStream().ReadAsync(buffer) is > 0 and var count)
            {
                if (passes(buffer.AsSpan(0, count))) await to.GetStream().WriteAsync(buffer.AsMemory(0, count));
                else if (ends) break;
            }
        }
        catch (Exception over) when (over is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }
        from.Dispose();
        to.Dispose();
    }

    private delegate bool Passes(ReadOnlySpan<byte> data);
}
