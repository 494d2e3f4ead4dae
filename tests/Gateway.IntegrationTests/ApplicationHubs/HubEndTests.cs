using Gateway.Core.Connections;
using Gateway.Testing;

namespace Gateway.IntegrationTests.ApplicationHubs;

/// <summary>Why connections of an application's hub have ended.</summary>
public sealed class HubEndTests
{
    private static readonly byte[] Normal = [0x03, 0xE8]; // 1000

    [Fact]
    public async Task ClientThatClosesEndsNormally()
    {
        await using var server = await ChatServer.StartAsync();
        using var client = await server.ConnectAsync();
        var connection = Assert.Single(server.Connections);

        await client.SendAsync(HandMadeSocket.Close, Normal);

        Assert.Equal((1000, ""), (await client.ReadAsync())!.CloseStatus);
        await Deadline.Until(() => server.Connections.Count == 0, "the connection is gone");
        Assert.Equal(new ConnectionEnd(DisconnectReason.Normal), connection.End);
    }

    [Fact]
    public async Task ClientThatVanishesDoesNot()
    {
        await using var server = await ChatServer.StartAsync();
        var client = await server.ConnectAsync();
        var connection = Assert.Single(server.Connections);

        client.Dispose();

        await Deadline.Until(() => server.Connections.Count == 0, "the connection is gone");
        Assert.NotEqual(DisconnectReason.Normal, connection.End?.Reason);
    }
}
