using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>The reason to exist: whatever the dialects and the replicas, what is sent arrives, in equal bytes.</summary>
public sealed class TwoDialectsTests(TwoReplicas replicas) : IClassFixture<TwoReplicas>
{
    public static TheoryData<Kind, Kind, bool, string> All()
    {
        var all = new TheoryData<Kind, Kind, bool, string>();
        foreach (var from in Enum.GetValues<Kind>())
            foreach (var to in Enum.GetValues<Kind>())
                foreach (var otherReplica in new[] { false, true })
                    foreach (var type in new[] { "chat", "metrics", "direct", "system join" })
                        all.Add(from, to, otherReplica, type);
        return all;
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task WhatIsSentArrivesInEqualBytes(Kind from, Kind to, bool otherReplica, string type)
    {
        var room = "room-" + Guid.NewGuid().ToString("N");
        var there = (otherReplica ? replicas.B : replicas.A).Server;
        await using var sender = await Clients.ConnectAsync(from, replicas.A.Server);
        await using var receiver = await Clients.ConnectAsync(to, there);
        // the other dialect, to compare the bytes
        await using var witness = await Clients.ConnectAsync(to == Kind.Raw ? Kind.SignalR : Kind.Raw, there);
        await receiver.RequestAsync("join", new { room });
        await witness.RequestAsync("join", new { room });

        var (received, seen) = type switch
        {
            "chat" => await ChatAsync(sender, receiver, witness, room),
            "metrics" => await MetricsAsync(receiver, witness),
            "direct" => await DirectAsync(sender, receiver),
            _ => await JoinAsync(sender, receiver, witness, room),
        };

        Assert.True(received.Payload.Span.SequenceEqual(seen.Payload.Span), $"{received} is not {seen}");
    }

    private static async Task<(ReceivedMessage, ReceivedMessage)> ChatAsync(
        IChatClient sender, IChatClient receiver, IChatClient witness, string room)
    {
        await sender.RequestAsync("join", new { room });
        var result = await sender.RequestAsync("chat", new { room, content = "grüße <&> \"quoted\" 🎈", message_id = "m-1", ignored = 1 });

        var received = await receiver.NextAsync("chat");
        Assert.Equal(
            ["room", "user_id", "username", "content", "time", "message_id", "offset"],
            received.Json.EnumerateObject().Select(p => p.Name));
        Assert.Equal("grüße <&> \"quoted\" 🎈", received.Text("content"));
        Assert.Equal((room, sender.UserId, "m-1"), (received.Text("room"), received.Text("user_id"), received.Text("message_id")));
        Assert.Equal(result.GetProperty("offset").GetInt64(), received.Json.GetProperty("offset").GetInt64());
        var echo = await sender.NextAsync("chat");
        Assert.True(echo.Payload.Span.SequenceEqual(received.Payload.Span));
        return (received, await witness.NextAsync("chat"));
    }

    private static async Task<(ReceivedMessage, ReceivedMessage)> MetricsAsync(IChatClient receiver, IChatClient witness)
    {
        await receiver.RequestAsync("join", new { room = "metrics" });
        await witness.RequestAsync("join", new { room = "metrics" });
        await receiver.NextAsync("metrics");
        var replicas = new HashSet<string>();
        // every replica's figures reach every member
        while (replicas.Count < 2) replicas.Add((await receiver.NextAsync("metrics")).Text("replica")!);
        var received = await receiver.NextAsync("metrics");
        Assert.True(received.Json.GetProperty("uptime_seconds").GetDouble() > 0);
        Assert.True(received.Json.GetProperty("connections").GetProperty("total").GetInt32() >= 0);
        await Deadline.Until(
            () => witness.All.Any(m => m.Payload.Span.SequenceEqual(received.Payload.Span)), "the other dialect has the same figures");
        return (received, received);
    }

    private static async Task<(ReceivedMessage, ReceivedMessage)> DirectAsync(IChatClient sender, IChatClient receiver)
    {
        await sender.RequestAsync("direct", new { to = receiver.UserId, content = "psst" });
        var received = await receiver.NextAsync("direct");
        Assert.Equal(["to", "user_id", "username", "content", "time"], received.Json.EnumerateObject().Select(p => p.Name));
        Assert.Equal((receiver.UserId, sender.UserId, "psst"), (received.Text("to"), received.Text("user_id"), received.Text("content")));
        Assert.DoesNotContain(sender.All, m => m.Type == "direct");
        return (received, received);
    }

    private static async Task<(ReceivedMessage, ReceivedMessage)> JoinAsync(
        IChatClient sender, IChatClient receiver, IChatClient witness, string room)
    {
        var position = await sender.RequestAsync("join", new { room });
        Assert.Equal(room, position.GetProperty("room").GetString());
        Assert.Equal(8, position.GetProperty("epoch").GetString()!.Length);
        var received = await NextOfAsync(receiver, sender.UserId);
        Assert.Equal(("join", room), (received.Text("event"), received.Text("room")));
        // The others are told. The sender may still hear of one who joined just before it.
        Assert.DoesNotContain(sender.All, m => m.Type == "system" && m.Text("user_id") == sender.UserId);
        return (received, await NextOfAsync(witness, sender.UserId));
    }

    /// <summary>The receivers announce one another too.</summary>
    private static async Task<ReceivedMessage> NextOfAsync(IChatClient client, string userId)
    {
        while (true)
        {
            var received = await client.NextAsync("system");
            if (received.Text("user_id") == userId) return received;
        }
    }
}
