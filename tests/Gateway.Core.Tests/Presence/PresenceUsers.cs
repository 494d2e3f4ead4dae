using System.Globalization;
using Gateway.Core.Connections;
using Gateway.Core.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Core.Tests.Presence;

/// <summary>Connections of named users that nobody writes to, each a second younger than the one before.</summary>
internal sealed class PresenceUsers : TimeProvider, IDisposable
{
    private readonly GatewayMeter _meter = new();
    private readonly ConnectionEvents _events;
    private int _last;

    public PresenceUsers() => _events = new ConnectionEvents(_meter, NullLogger<Connection>.Instance);

    public static DateTimeOffset Began { get; } = new(2026, 2, 3, 4, 5, 6, 789, TimeSpan.Zero);

    public Connection Connect(string user, string? name = null)
    {
        var number = Interlocked.Increment(ref _last);
        var outbox = new Outbox(new Nowhere(), new OutboxLimits(16, 65536), corks: 1, System);
        return new Connection(
            "c" + number.ToString(CultureInfo.InvariantCulture), new UserIdentity(user, name ?? user.ToUpperInvariant()), Dialect.Raw,
            outbox, _events, this);
    }

    public override DateTimeOffset GetUtcNow() => Began.AddSeconds(Volatile.Read(ref _last));

    public void Dispose() => _meter.Dispose();

    private sealed class Nowhere : IFrameSink
    {
        public FrameFormat Format => FrameFormat.RawWebSocket;

        public int TryWrite(ReadOnlySpan<byte> bytes) => bytes.Length;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => default;

        public void Complete()
        {
        }

        public void Abort()
        {
        }
    }
}
