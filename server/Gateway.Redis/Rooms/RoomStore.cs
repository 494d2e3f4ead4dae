using System.Globalization;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Replicas;
using Gateway.Core.Wire;
using Gateway.Redis.Servers;
using StackExchange.Redis;

namespace Gateway.Redis.Rooms;

/// <summary>The rooms' positions and pasts in Redis. Pure questions and answers: who asks again, and when, is decided elsewhere.</summary>
/// <param name="publishTimeout">How long a batch is sent again for.</param>
/// <param name="silentLifetime">How long a room in which nothing has been said is remembered after the last look at it.</param>
internal sealed class RoomStore(
    RedisServers servers, RedisKeys keys, ReplicaId replica, SubscriptionEvents events, TimeSpan idempotencyWindow, TimeSpan publishTimeout, TimeSpan silentLifetime)
{
    private const int ChunkMessages = 64;

    /// <summary>A batch whose answer was lost is sent again long before this.</summary>
    private readonly TimeSpan _takenLifetime = (2 * publishTimeout) + TimeSpan.FromMinutes(1);

    public enum Taken
    {
        Now = 0,
        Before = 1,
        TooLate = 2,
    }

    /// <summary>One message of a batch.</summary>
    public readonly record struct Entry(string? OnceAs, byte[] Frame);

    /// <param name="known">A position that is known to have been reached.</param>
    /// <param name="number">Counts this replica's batches; sent again, a batch keeps its number.</param>
    /// <exception cref="BackplaneException">Redis is away; the batch was taken or not.</exception>
    public async Task<(Taken Taken, IReadOnlyList<PublishResult> Results)> PublishAsync(
        string room, Retention? retention, Position known, long number, IReadOnlyList<Entry> batch, TimeSpan limit)
    {
        var scriptKeys = new List<RedisKey>(3);
        var arguments = new List<RedisValue>(RoomPublish.Arguments + 3 + (2 * batch.Count));
        RoomPublish.AddKeys(scriptKeys, keys, room);
        RoomPublish.AddArguments(arguments, keys, room, retention, known);
        scriptKeys.Add(keys.Taken(room, replica.Value));
        arguments.Add(number);
        arguments.Add(RoomPublish.Milliseconds(_takenLifetime));
        arguments.Add(RoomPublish.Milliseconds(idempotencyWindow));
        foreach (var entry in batch)
        {
            if (entry.OnceAs is { } idempotencyKey) scriptKeys.Add(keys.Once(room, idempotencyKey));
            arguments.Add(entry.OnceAs == null ? 0 : scriptKeys.Count);
            arguments.Add(entry.Frame);
        }
        var answer = (RedisResult[])(await servers.For(room).AskAsync(database => database.ScriptEvaluateAsync(RoomScripts.Publish, [.. scriptKeys], [.. arguments]), limit))!;
        var results = new PublishResult[(answer.Length - 1) / 3];
        for (var i = 0; i < results.Length; i++)
        {
            var epoch = (string)answer[1 + (3 * i)]!;
            results[i] = new PublishResult(epoch == "-" ? Position.None : new Position(epoch, (long)answer[2 + (3 * i)]), (long)answer[3 + (3 * i)]);
        }
        return ((Taken)(int)answer[0], results);
    }

    /// <exception cref="BackplaneException">Redis is away.</exception>
    public async Task<Position> PositionAsync(string room) => (await AskAsync(room, 0, 0, 0, fromTheEnd: false)).Head;

    /// <inheritdoc cref="IBackplane.ReadHistoryAsync"/>
    public async Task<HistoryPage> ReadAsync(string room, HistoryRange range, Retention retention)
    {
        var (first, last) = (range.After + 1, range.Before == long.MaxValue ? long.MaxValue : range.Before - 1);
        var page = new List<HistoryMessage>();
        var bytes = 0;
        var head = Position.None;
        while (true)
        {
            var chunk = await AskAsync(room, first, last, retention.Messages == 0 ? 0 : Math.Min(ChunkMessages, range.Limit - page.Count + 1), range.FromEnd);
            if (!head.IsNone && chunk.Head.Epoch != head.Epoch) return new HistoryPage(chunk.Head, [], HasMore: false);
            head = chunk.Head;
            foreach (var (offset, at, frame) in chunk.Entries)
            {
                if (offset <= head.Offset - retention.Messages || chunk.Now - at > retention.Lifetime.TotalMilliseconds) continue; // forgotten, if not yet by Redis
                if (frame == null || !BackplaneFrame.TryReadMessage(frame, out var audience, out var message))
                {
                    events.ReportUnreadable(room); // whoever reads on finds that the offset is missing
                    continue;
                }
                var past = new HistoryMessage(offset, audience, message);
                if (page.Count == range.Limit || (page.Count > 0 && bytes + past.ApproximateBytes > range.MaxBytes)) return Page(more: true);
                page.Add(past);
                bytes += past.ApproximateBytes;
            }
            if (chunk.Entries.Count == 0 || chunk.Entries.Count < chunk.Asked) return Page(more: false);
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

    /// <summary>Begins the room anew if Redis has lost what is known to have been reached.</summary>
    /// <exception cref="BackplaneException">Redis is away.</exception>
    public Task RenewAsync(string room, Position known) => servers.For(room).AskAsync(database => database.ScriptEvaluateAsync(
        RoomScripts.Renew, [keys.Position(room), keys.History(room)], [RoomPublish.NewEpoch(), RoomPublish.Milliseconds(RoomPublish.PositionLifetime), known.Epoch, known.Offset]));

    private async Task<Chunk> AskAsync(string room, long first, long last, int count, bool fromTheEnd)
    {
        var answer = (RedisResult[])(await servers.For(room).AskAsync(database => database.ScriptEvaluateAsync(
            RoomScripts.Read,
            [keys.Position(room), keys.History(room)],
            [RoomPublish.NewEpoch(), RoomPublish.Milliseconds(RoomPublish.PositionLifetime), StreamId(first), StreamId(last), count, fromTheEnd ? 1 : 0, RoomPublish.Milliseconds(silentLifetime)])))!;
        var entries = ((RedisResult[])answer[3]!).Select(ReadEntry).ToList();
        return new Chunk(new Position((string)answer[0]!, (long)answer[1]), (long)answer[2], entries, count);
    }

    /// <summary>The id in the stream is the offset, so that any range of offsets is one look-up.</summary>
    private static string StreamId(long offset) => offset == long.MaxValue ? "+" : offset.ToString(CultureInfo.InvariantCulture) + "-0";

    /// <returns>Without a frame if the entry is not the gateway's.</returns>
    private static (long Offset, long At, byte[]? Frame) ReadEntry(RedisResult entry)
    {
        var parts = (RedisResult[])entry!;
        var offset = long.Parse(((string)parts[0]!).Split('-')[0], CultureInfo.InvariantCulture);
        return (RedisResult[])parts[1]! is [_, var at, _, var frame, ..] && long.TryParse((string?)at, CultureInfo.InvariantCulture, out var ms)
            ? (offset, ms, (byte[]?)frame)
            : (offset, long.MaxValue, null);
    }

    private sealed record Chunk(Position Head, long Now, IReadOnlyList<(long Offset, long At, byte[]? Frame)> Entries, int Asked);
}
