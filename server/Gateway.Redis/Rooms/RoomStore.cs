using System.Globalization;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Replicas;
using Gateway.Core.Wire;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Rooms;

/// <summary>The rooms' positions and histories in Redis. Callers decide when to retry.</summary>
/// <param name="servers">The Redis servers.</param>
/// <param name="keys">The names of keys.</param>
/// <param name="replica">The id of this replica.</param>
/// <param name="events">Counts unreadable entries.</param>
/// <param name="idempotencyWindow">How long an idempotency key is remembered.</param>
/// <param name="publishTimeout">How long a batch is retried.</param>
/// <param name="idleLifetime">How long a room without messages is remembered after it was last read.</param>
internal sealed class RoomStore(
    RedisServers servers, RedisKeys keys, ReplicaId replica, SubscriptionEvents events, TimeSpan idempotencyWindow, TimeSpan publishTimeout,
    TimeSpan idleLifetime)
{
    private const int ChunkMessages = 64;

    /// <summary>A batch whose reply was lost is retried long before this.</summary>
    private readonly TimeSpan _batchLifetime = (2 * publishTimeout) + TimeSpan.FromMinutes(1);

    public enum BatchStatus
    {
        Applied = 0,
        AlreadyApplied = 1,
        Superseded = 2,
    }

    /// <summary>One message of a batch.</summary>
    public readonly record struct Entry(string? IdempotencyKey, byte[] Frame);

    /// <summary>Publishes a batch of messages into a room.</summary>
    /// <param name="room">The room.</param>
    /// <param name="retention">The history of the room; <c>null</c> for messages without offsets.</param>
    /// <param name="known">A position that was reached for certain.</param>
    /// <param name="number">The number of the batch on this replica. A retried batch keeps its number.</param>
    /// <param name="batch">The messages.</param>
    /// <param name="limit">The timeout.</param>
    /// <exception cref="BackplaneException">Redis is unavailable. The batch may or may not have been applied.</exception>
    public async Task<(BatchStatus Status, IReadOnlyList<PublishResult> Results)> PublishAsync(
        string room, Retention? retention, Position known, long number, IReadOnlyList<Entry> batch, TimeSpan limit)
    {
        var scriptKeys = new List<RedisKey>(3);
        var arguments = new List<RedisValue>(RoomPublish.Arguments + 3 + (2 * batch.Count));
        RoomPublish.AddKeys(scriptKeys, keys, room);
        RoomPublish.AddArguments(arguments, keys, room, retention, known);
        scriptKeys.Add(keys.LastBatch(room, replica.Value));
        arguments.Add(number);
        arguments.Add(RoomPublish.Milliseconds(_batchLifetime));
        arguments.Add(RoomPublish.Milliseconds(idempotencyWindow));
        foreach (var entry in batch)
        {
            if (entry.IdempotencyKey is { } idempotencyKey) scriptKeys.Add(keys.MessageIdempotencyKey(room, idempotencyKey));
            arguments.Add(entry.IdempotencyKey == null ? 0 : scriptKeys.Count);
            arguments.Add(entry.Frame);
        }
        var reply = (RedisResult[])(await servers.For(room).ExecuteAsync(
            database => database.ScriptEvaluateAsync(RoomScripts.Publish, [.. scriptKeys], [.. arguments]), limit))!;
        var results = new PublishResult[(reply.Length - 1) / 3];
        for (var i = 0; i < results.Length; i++)
        {
            var epoch = (string)reply[1 + (3 * i)]!;
            var position = epoch == "-" ? Position.None : new Position(epoch, (long)reply[2 + (3 * i)]);
            results[i] = new PublishResult(position, (long)reply[3 + (3 * i)]);
        }
        return ((BatchStatus)(int)reply[0], results);
    }

    /// <exception cref="BackplaneException">Redis is unavailable.</exception>
    public async Task<Position> GetPositionAsync(string room) => (await ReadChunkAsync(room, 0, 0, 0, fromTheEnd: false)).Head;

    /// <inheritdoc cref="IBackplane.ReadHistoryAsync"/>
    public async Task<HistoryPage> ReadAsync(string room, HistoryRange range, Retention retention)
    {
        var (first, last) = (range.After + 1, range.Before == long.MaxValue ? long.MaxValue : range.Before - 1);
        var page = new List<HistoryMessage>();
        var bytes = 0;
        var head = Position.None;
        while (true)
        {
            var count = retention.Messages == 0 ? 0 : Math.Min(ChunkMessages, range.Limit - page.Count + 1);
            var chunk = await ReadChunkAsync(room, first, last, count, range.FromEnd);
            if (!head.IsNone && chunk.Head.Epoch != head.Epoch) return new HistoryPage(chunk.Head, [], HasMore: false);
            head = chunk.Head;
            foreach (var (offset, at, frame) in chunk.Entries)
            {
                var isExpired = offset <= head.Offset - retention.Messages || chunk.Now - at > retention.Lifetime.TotalMilliseconds;
                if (isExpired) continue; // although Redis still has it
                if (frame == null || !BackplaneFrame.TryReadMessage(frame, out var audience, out var content))
                {
                    events.ReportUnreadable(room); // the reader finds that the offset is missing
                    continue;
                }
                var message = new HistoryMessage(offset, audience, content);
                var isFull = page.Count == range.Limit || (page.Count > 0 && bytes + message.ApproximateBytes > range.MaxBytes);
                if (isFull) return Page(more: true);
                page.Add(message);
                bytes += message.ApproximateBytes;
            }
            if (chunk.Entries.Count == 0 || chunk.Entries.Count < chunk.Requested) return Page(more: false);
            var reached = chunk.Entries[^1].Offset;
            if (range.FromEnd) last = reached - 1;
            else first = reached + 1;
            if (first > last) return Page(more: false);
        }

        HistoryPage Page(bool more)
        {
            if (range.FromEnd) page.Reverse();
            return new HistoryPage(head, page, more);
        }
    }

    /// <summary>Starts a new epoch of the room if Redis has lost a position that was reached for certain.</summary>
    /// <exception cref="BackplaneException">Redis is unavailable.</exception>
    public Task StartNewEpochAsync(string room, Position known) => servers.For(room).ExecuteAsync(database => database.ScriptEvaluateAsync(
        RoomScripts.StartNewEpoch,
        [keys.Position(room), keys.History(room)],
        [RoomPublish.NewEpoch(), RoomPublish.Milliseconds(RoomPublish.PositionLifetime), known.Epoch, known.Offset]));

    private async Task<Chunk> ReadChunkAsync(string room, long first, long last, int count, bool fromTheEnd)
    {
        var reply = (RedisResult[])(await servers.For(room).ExecuteAsync(database => database.ScriptEvaluateAsync(
            RoomScripts.Read,
            [keys.Position(room), keys.History(room)],
            [
                RoomPublish.NewEpoch(), RoomPublish.Milliseconds(RoomPublish.PositionLifetime), StreamId(first), StreamId(last), count,
                fromTheEnd ? 1 : 0, RoomPublish.Milliseconds(idleLifetime),
            ])))!;
        var entries = ((RedisResult[])reply[3]!).Select(ReadEntry).ToList();
        return new Chunk(new Position((string)reply[0]!, (long)reply[1]), (long)reply[2], entries, count);
    }

    /// <summary>The stream's ids are the offsets, so a range of offsets is one look-up.</summary>
    private static string StreamId(long offset) =>
        offset == long.MaxValue ? "+" : offset.ToString(CultureInfo.InvariantCulture) + "-0";

    /// <returns>Without a frame if the entry is not the gateway's.</returns>
    private static (long Offset, long At, byte[]? Frame) ReadEntry(RedisResult entry)
    {
        var parts = (RedisResult[])entry!;
        var offset = long.Parse(((string)parts[0]!).Split('-')[0], CultureInfo.InvariantCulture);
        return (RedisResult[])parts[1]! is [_, var at, _, var frame, ..]
            && long.TryParse((string?)at, CultureInfo.InvariantCulture, out var ms)
            ? (offset, ms, (byte[]?)frame)
            : (offset, long.MaxValue, null);
    }

    private sealed record Chunk(Position Head, long Now, IReadOnlyList<(long Offset, long At, byte[]? Frame)> Entries, int Requested);
}
