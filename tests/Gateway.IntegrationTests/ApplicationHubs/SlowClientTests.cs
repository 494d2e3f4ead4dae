using Gateway.Testing;
using Microsoft.AspNetCore.SignalR;

namespace Gateway.IntegrationTests.ApplicationHubs;

/// <summary>Clients of an application's hub that read slowly.</summary>
public sealed class SlowClientTests
{
    private const int SmallBuffer = 4096;

    [Fact]
    public async Task WhoSendsMuchToOneClientGoesAtItsPace()
    {
        const int Messages = 5_000; // 20 MB
        const int OnTheWay = 3_000; // what sockets, server and outbox hold
        await using var server = await ChatServer.StartAsync();
        using var slow = await server.ConnectAsync(SmallBuffer);
        await slow.SendTextAsync(ChatServer.Call("Flood", Messages));
        await Deadline.Until(() => Volatile.Read(ref server.Progress.Sent) > 0, "the flood begins");

        var ahead = 0;
        var numbers = await ChatServer.ReadNumbersAsync(
            slow, Messages, number => ahead = Math.Max(ahead, Volatile.Read(ref server.Progress.Sent) - number));

        Assert.Equal(Enumerable.Range(1, Messages), numbers);
        Assert.InRange(ahead, 1, OnTheWay);
    }

    [Fact]
    public async Task SlowMemberOfAGroupGetsEverythingAndHoldsUpNobody()
    {
        const int Messages = 900; // fewer than the room keeps, more than the slow member's outbox takes
        await using var server = await ChatServer.StartAsync();
        using var slow = await server.ConnectAsync(SmallBuffer);
        using var quick = await server.ConnectAsync();
        var reading = ChatServer.ReadNumbersAsync(quick, Messages);

        for (var i = 1; i <= Messages; i++)
            await server.Hub.Clients.Group("room").SendAsync("number", i, ChatHub.Padding).Within("a message");

        var expected = Enumerable.Range(1, Messages);
        Assert.Equal(expected, await reading.Within("the quick member to have everything", TimeSpan.FromSeconds(30)));
        Assert.Equal(expected, await ChatServer.ReadNumbersAsync(slow, Messages));
    }

    [Fact]
    public async Task ReceiversOfAListDoNotWaitForTheSlowOneAmongThem()
    {
        const int Most = 8_000; // 32 MB: more than sockets and outbox hold
        await using var server = await ChatServer.StartAsync();
        using var slow = await server.ConnectAsync(SmallBuffer);
        var slowId = Assert.Single(server.Connections).Id;
        using var quick = await server.ConnectAsync();
        var quickId = Assert.Single(server.Connections, connection => connection.Id != slowId).Id;
        var heard = 0;
        _ = ChatServer.ReadNumbersAsync(quick, Most, number => Volatile.Write(ref heard, number)); // ends with the socket

        var waits = false;
        for (var i = 1; i <= Most && !waits; i++)
        {
            var sending = server.Hub.Clients.Clients([slowId, quickId]).SendAsync("number", i, ChatHub.Padding);
            // sooner than the write deadline, which would end the slow one
            await Deadline.Until(() => Volatile.Read(ref heard) >= i, "the quick one has it", TimeSpan.FromSeconds(5));
            waits = await Task.WhenAny(sending, Task.Delay(TimeSpan.FromSeconds(1))) != sending;
        }

        Assert.True(waits, "the sender waits for the slow one");
    }
}
