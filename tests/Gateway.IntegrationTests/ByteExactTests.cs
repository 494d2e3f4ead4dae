using System.Text;
using Gateway.Core.Connections;
using Gateway.Core.Wire;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>
/// The way past the web server's pipe, under everything that meets in an outbox at once: the upgrade's answer, broadcasts from several threads, pongs,
/// acks and hub completions, a client that reads in fits and starts so that sends are partial, goodbyes and aborts. Every byte is accounted for.
/// </summary>
public sealed class ByteExactTests
{
    private const int Posters = 3;
    private const int FramesEach = 1500;
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
            o.Outbox.Capacity = 65536;
            o.Outbox.MaxBytes = 1 << 30;
        });
        await Parallel.ForEachAsync(Enumerable.Range(0, 6), new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (i, _) =>
            await RunOneAsync(gateway, path, new Random((seed * 100) + i), ending: (Ending)(i % 3)));
    }

    private enum Ending
    {
        Close,
        ClientCloses,
        Abort,
    }

    private static async Task RunOneAsync(EmbeddedGateway gateway, string path, Random random, Ending ending)
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
        var reading = ReadAsync(client, path == "/hub", random.Next());
        await Task.WhenAll(posting, asking).Within("everything to be posted and asked", TimeSpan.FromSeconds(60));

        if (ending == Ending.Close) connection.Close(Gateway.Core.Messages.CloseReason.Normal);
        else if (ending == Ending.ClientCloses) await client.SendAsync(HandMadeSocket.Close, new byte[] { 3, 232 });
        else connection.Outbox.Abort();
        var (next, answers, pongs, closed) = await reading.Within("everything to be read", TimeSpan.FromSeconds(60));

        if (ending == Ending.Abort) return; // what came until then was checked; the rest is lost by intention
        Assert.Equal(Enumerable.Repeat(FramesEach, Posters), next);
        Assert.Equal((Questions, Questions / 2), (answers, pongs));
        Assert.True(closed);
    }

    private static async Task PostAsync(Outbox outbox, int poster, Random random)
    {
        for (var n = 0; n < FramesEach;)
        {
            var count = Math.Min(random.Next(1, 5), FramesEach - n);
            var frames = Enumerable.Range(n, count).Select(i => WebSocketFrame.WriteText(Body(poster, i))).ToArray();
            var ends = new int[count];
            for (var i = 0; i < count; i++) ends[i] = (i == 0 ? 0 : ends[i - 1]) + frames[i].Length;
            Assert.Equal(count, outbox.Post(new FrameBatch(frames.SelectMany(f => f).ToArray(), ends, null, Gateway.Core.Messages.SlowConsumerPolicy.Disconnect, "r")));
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
            await client.SendTextAsync(isHub ? $"{{\"type\":1,\"invocationId\":\"{i}\",\"target\":\"Ping\",\"arguments\":[]}}\u001e" : $"{{\"type\":\"ping\",\"id\":{i}}}");
            if (random.Next(5) == 0) await Task.Delay(1);
        }
    }

    /// <summary>Reads until the end, pausing at random, and checks every frame against the only thing that it can be.</summary>
    private static async Task<(int[] Next, int Answers, int Pongs, bool Closed)> ReadAsync(HandMadeSocket client, bool isHub, int seed)
    {
        var random = new Random(seed);
        var next = new int[Posters];
        var (answers, pongs, closed) = (0, 0, false);
        while (await client.ReadAsync() is { } frame)
        {
            Assert.False(closed, "a frame after the close frame");
            Assert.Equal((true, (byte)0, false), (frame.Final, frame.Reserved, frame.Masked));
            if (frame.Opcode == HandMadeSocket.Close) closed = true;
            else if (frame.Opcode == HandMadeSocket.Pong) Assert.Equal($"ping {2 * pongs++}", frame.Text);
            else if (frame.Payload[0] == '#')
            {
                var poster = frame.Payload[1] - '0';
                Assert.True(frame.Payload.AsSpan().SequenceEqual(Body(poster, next[poster])), $"frame {next[poster]} of poster {poster} is torn or out of order");
                next[poster]++;
            }
            else if (frame.Text is not "{\"type\":6}\u001e" && !frame.Text.StartsWith("{\"type\":7", StringComparison.Ordinal))
            {
                Assert.StartsWith(isHub ? $"{{\"type\":3,\"invocationId\":\"{answers}\",\"result\":{{\"time\":" : $"{{\"type\":\"ack\",\"id\":{answers},\"payload\":{{\"time\":", frame.Text);
                answers++;
            }
            if (random.Next(200) == 0) await Task.Delay(random.Next(20));
        }
        return (next, answers, pongs, closed);
    }

    /// <summary>A body that tells whose it is and whose length and bytes follow from its number: mostly short, now and then longer than any buffer on the way.</summary>
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
