using System.Text;
using Gateway.Core.Connections;
using Gateway.Core.Wire;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>
/// The way past the web server's pipe, under everything that meets in an outbox at once: the upgrade's answer, broadcasts from several
/// threads, pongs, acks and hub completions, a client that reads in fits and starts so that sends are partial, close frames and aborts.
/// Every byte is accounted for.
/// </summary>
public sealed class ByteExactTests
{
    private const int Posters = 3;
    private const int FramesEach = 500;
    private const int Questions = 200;

    [Theory]
    [InlineData(true, "/ws", 1)]
    [InlineData(true, "/hub", 2)]
    [InlineData(false, "/ws", 3)]
    [InlineData(false, "/hub", 4)]
    public async Task WhatArrivesIsWhatWasPosted(bool directSocket, string path, int seed)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o =>
        {
            o.Server.DirectSocket = directSocket;
            o.Raw.WriteWait = TimeSpan.FromSeconds(2); // the client does not answer a close frame: its end is the deadline
            o.Outbox.Capacity = 65536;
            o.Outbox.MaxBytes = 1 << 30;
        });
        await Parallel.ForEachAsync(Enumerable.Range(0, 6), new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (i, _) =>
            await RunOneAsync(gateway, path, new Random((seed * 100) + i), ending: (ConnectionEnd)(i % 3)));
    }

    private enum ConnectionEnd
    {
        Close,
        ClientCloses,
        Abort,
    }

    private static async Task RunOneAsync(EmbeddedGateway gateway, string path, Random random, ConnectionEnd ending)
    {
        using var client = await HandMadeSocket.OpenAsync(gateway.Server, path + "?rooms=", receiveBuffer: 8192);
        if (path == "/hub")
        {
            await client.SendTextAsync("{\"protocol\":\"json\",\"version\":1}\u001e");
            Assert.Equal("{}\u001e", (await client.ReadAsync())!.Text);
        }
        var welcome = (await client.ReadAsync())!.Text;
        var id = System.Text.RegularExpressions.Regex.Match(welcome, "\"connection_id\":\"([^\"]+)\"").Groups[1].Value;
        var connection = gateway.Get<ConnectionTable>().Find(id)!;

        var seeds = Enumerable.Range(0, Posters).Select(_ => random.Next()).ToArray();
        var posting = Task.WhenAll(seeds.Select((seed, poster) => Task.Run(() => PostAsync(connection.Outbox, poster, new Random(seed)))));
        var asking = AskAsync(client, path == "/hub", random.Next());
        var seen = new Seen();
        var reading = ReadAsync(client, path == "/hub", random.Next(), seen);
        await Task.WhenAll(posting, asking).Within("everything to be posted and asked", TimeSpan.FromSeconds(60));
        await Deadline.Until(
            () => reading.IsCompleted || (seen.Answers == Questions && seen.Pongs == Questions / 2), "every question is answered",
            TimeSpan.FromSeconds(60));

        if (ending == ConnectionEnd.Close) connection.Close(Gateway.Core.Messages.CloseReason.Normal);
        else if (ending == ConnectionEnd.ClientCloses) await client.SendAsync(HandMadeSocket.Close, new byte[] { 3, 232 });
        else connection.Outbox.Abort();
        await reading.Within("everything to be read", TimeSpan.FromSeconds(60));

        if (ending == ConnectionEnd.Abort) return; // what came until then was checked; the rest is lost by intention
        Assert.Equal(Enumerable.Repeat(FramesEach, Posters), seen.Next);
        Assert.Equal((Questions, Questions / 2), (seen.Answers, seen.Pongs));
        Assert.True(seen.Closed);
    }

    private static async Task PostAsync(Outbox outbox, int poster, Random random)
    {
        for (var n = 0; n < FramesEach;)
        {
            var count = Math.Min(random.Next(1, 5), FramesEach - n);
            var frames = Enumerable.Range(n, count).Select(i => WebSocketFrame.WriteText(Body(poster, i))).ToArray();
            var ends = new int[count];
            for (var i = 0; i < count; i++) ends[i] = (i == 0 ? 0 : ends[i - 1]) + frames[i].Length;
            Assert.Equal(
                count,
                outbox.Post(
                    new FrameBatch(
                        frames.SelectMany(f => f).ToArray(), ends, null, Gateway.Core.Messages.SlowConsumerPolicy.Disconnect, "r")));
            n += count;
            if (random.Next(10) == 0) await Task.Yield();
        }
    }

    /// <summary>Questions that our code or the framework answers, and pings that the framework answers.</summary>
    private static async Task AskAsync(HandMadeSocket client, bool isHub, int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < Questions; i++)
        {
            if (i % 2 == 0) await client.SendAsync(HandMadeSocket.Ping, Encoding.ASCII.GetBytes($"ping {i}"));
            await client.SendTextAsync(
                isHub
                    ? $"{{\"type\":1,\"invocationId\":\"{i}\",\"target\":\"Ping\",\"arguments\":[]}}\u001e"
                    : $"{{\"type\":\"ping\",\"id\":{i}}}");
            if (random.Next(5) == 0) await Task.Delay(1);
        }
    }

    /// <summary>Reads until the end, pausing at random, and checks every frame against the only thing that it can be.</summary>
    private static async Task ReadAsync(HandMadeSocket client, bool isHub, int seed, Seen seen)
    {
        var random = new Random(seed);
        var fragments = new StringBuilder();
        while (await client.ReadAsync() is { } frame)
        {
            Assert.False(seen.Closed, "a frame after the close frame");
            Assert.Equal(((byte)0, false), (frame.Reserved, frame.Masked));
            Assert.True(
                fragments.Length == 0 || frame.Opcode == HandMadeSocket.Continuation,
                "something stands between the fragments of a message");
            if (!frame.Final || frame.Opcode == HandMadeSocket.Continuation)
            {
                fragments.Append(frame.Text); // the framework's, which sends many results at once in pieces
                if (!frame.Final) continue;
                foreach (var record in fragments.ToString().Split('\u001e', StringSplitOptions.RemoveEmptyEntries))
                    TakeAnswer(record, isHub, seen);
                fragments.Clear();
            }
            else if (frame.Opcode == HandMadeSocket.Close) seen.Closed = true;
            else if (frame.Opcode == HandMadeSocket.Pong) Assert.Equal($"ping {2 * seen.Pongs++}", frame.Text);
            else if (frame.Payload[0] == '#')
            {
                var poster = frame.Payload[1] - '0';
                Assert.True(
                    frame.Payload.AsSpan().SequenceEqual(Body(poster, seen.Next[poster])),
                    $"frame {seen.Next[poster]} of poster {poster} is torn or out of order");
                seen.Next[poster]++;
            }
            else
            {
                // the framework may put several in a frame
                foreach (var record in frame.Text.Split('\u001e', StringSplitOptions.RemoveEmptyEntries)) TakeAnswer(record, isHub, seen);
            }
            if (random.Next(200) == 0) await Task.Delay(random.Next(20));
        }
    }

    private static void TakeAnswer(string record, bool isHub, Seen seen)
    {
        // SignalR's ping and its close message
        if (record == "{\"type\":6}" || record.StartsWith("{\"type\":7", StringComparison.Ordinal)) return;
        Assert.StartsWith(
            isHub
                ? $"{{\"type\":3,\"invocationId\":\"{seen.Answers}\",\"result\":{{\"time\":"
                : $"{{\"type\":\"ack\",\"id\":{seen.Answers},\"payload\":{{\"time\":",
            record);
        seen.Answers++;
    }

    /// <summary>How far the reader has come.</summary>
    private sealed class Seen
    {
        public int[] Next { get; } = new int[Posters];
        public volatile int Answers;
        public volatile int Pongs;
        public volatile bool Closed;
    }

    /// <summary>
    /// A body that tells whose it is and whose length and bytes follow from its number: mostly short, now and then longer than any buffer
    /// on the way.
    /// </summary>
    private static byte[] Body(int poster, int number)
    {
        var random = new Random((poster * 1_000_003) + number);
        var length = random.Next(100) switch { < 90 => random.Next(0, 300), < 99 => random.Next(300, 9000), _ => random.Next(9000, 70000) };
        var body = new byte[length + 12];
        Encoding.ASCII.GetBytes($"#{poster}:{number:000000000}", body);
        for (var i = 12; i < body.Length; i++) body[i] = (byte)('a' + random.Next(26));
        return body;
    }
}
