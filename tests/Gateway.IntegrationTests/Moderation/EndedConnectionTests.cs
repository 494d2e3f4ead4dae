using System.Text.Json;
using Gateway.Core.Broadcast;
using Gateway.Core.Cluster;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Gateway.Core.Presence;
using Gateway.Core.Rooms;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Moderation;

/// <summary>
/// Ended means ended: a client that ignores its close can do nothing any more, in any dialect, over any transport, whatever it was closed
/// for.
/// </summary>
public sealed class EndedConnectionTests : IAsyncLifetime
{
    private const string Query = "?rooms=team&user=eve&role=moderator";

    private EmbeddedGateway _gateway = null!;

    public static TheoryData<string, HubTransport?> CausesAndTransports()
    {
        var all = new TheoryData<string, HubTransport?>();
        foreach (var cause in new[] { "ban", "kick", "revocation", "expired token", "slow consumer", "shutdown" })
            foreach (var transport in Enum.GetValues<HubTransport>().Cast<HubTransport?>().Prepend(null))
                all.Add(cause, transport);
        return all;
    }

    public async ValueTask InitializeAsync() => _gateway = await EmbeddedGateway.StartAsync(o =>
    {
        o.Raw.WriteWait = TimeSpan.FromSeconds(30); // so long its socket stays, if the client wants it to
        o.Rooms.PresenceGrace = TimeSpan.Zero;
    }, UsersWithRoles.Add);

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    /// <param name="transport"><c>null</c>: the raw dialect.</param>
    [Theory]
    [MemberData(nameof(CausesAndTransports))]
    public async Task ClientThatIgnoresItsCloseCanDoNothing(string cause, HubTransport? transport)
    {
        await using var witness = await RawClient.ConnectAsync(_gateway.Server, "?rooms=team&user=ada");
        await using var eve = await HostileClient.ConnectAsync(_gateway.Server, transport);
        var connection = Assert.Single(_gateway.Get<ConnectionTable>().OfUser("eve"));
        await eve.SendAsync("chat", new { room = "team", content = "before" });
        Assert.Equal("before", (await witness.NextAsync("chat")).Text("content"));

        await CloseAsync(cause, connection);
        await Deadline.Until(() => !connection.Outbox.IsOpen, "the connection is being closed");
        var received = _gateway.Get<GatewayMeter>().Received;
        for (var i = 0; i < 10; i++) await eve.SendAsync("chat", new { room = "team", content = "after" });
        await eve.SendAsync("unban", new { user_id = "eve" });
        await eve.SendAsync("ban", new { user_id = "ada" });
        await eve.SendAsync("direct", new { user_id = "ada", content = "after" });
        await eve.SendAsync("join", new { room = "elsewhere" });
        if (transport != null) // what a raw client sends is thrown away uncounted
            await Deadline.Until(() => _gateway.Get<GatewayMeter>().Received >= received + 14, "everything has been read");

        Assert.Equal(connection, _gateway.Get<ConnectionTable>().Find(connection.Id)); // the socket is still there
        await witness.RequestAsync("chat", new { room = "team", content = "mark" });
        Assert.Equal("mark", (await witness.NextAsync("chat")).Text("content"));
        Assert.DoesNotContain(witness.All, m => m.Type == "direct");
        Assert.Equal(cause == "ban", _gateway.Get<IRestrictionStore>().Find(RestrictionKind.Ban, "eve") != null);
        Assert.Null(_gateway.Get<IRestrictionStore>().Find(RestrictionKind.Ban, "ada"));
        Assert.Null(_gateway.Get<RoomTable>().Find("elsewhere"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.ServerSentEvents)]
    [InlineData(HubTransport.LongPolling)]
    public async Task ConnectionLeavesItsRoomsWhenItIsClosedNotWhenItsSocketIsGone(HubTransport? transport)
    {
        await using var witness = await RawClient.ConnectAsync(_gateway.Server, "?rooms=team&user=ada");
        await using var eve = await HostileClient.ConnectAsync(_gateway.Server, transport);
        var connection = Assert.Single(_gateway.Get<ConnectionTable>().OfUser("eve"));

        await _gateway.Get<Moderator>().KickAsync("eve", null, null, "test");

        await Deadline.Until(async () => await MembersOfTeamAsync() == 1, "it has left the room");
        await Deadline.Until(async () => (await _gateway.Get<PresenceTracker>().ListAsync("team")).Count == 1, "it is not listed any more");
        Assert.Empty(_gateway.Get<ConnectionTable>().OfUser("eve"));
        Assert.Equal(0, await _gateway.Get<Publisher>().PublishToUserAsync("eve", new Message("news", "1"u8.ToArray())));
        Assert.Equal(connection, _gateway.Get<ConnectionTable>().Find(connection.Id)); // the socket is still there
        await Assert.ThrowsAsync<GatewayError>(() => witness.RequestAsync("direct", new { user_id = "eve", content = "x" }));
    }

    private async Task<int> MembersOfTeamAsync()
    {
        var answer = await _gateway.Get<ClusterQueryHandler>().HandleAsync(new ClusterQuery(ClusterQueryKind.Rooms) { Limit = 100 });
        return answer.Rooms.Single(r => r.Room == "team").Connections;
    }

    private async Task CloseAsync(string cause, Connection connection)
    {
        var moderator = _gateway.Get<Moderator>();
        if (cause == "ban") await moderator.BanAsync("eve", null, "test");
        else if (cause == "kick") await moderator.KickAsync(null, connection.Id, null, "test");
        else if (cause == "revocation") await moderator.RevokeAsync("eve", "test");
        else if (cause == "expired token") connection.Token = new TokenExpiry(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow, TimeSpan.Zero);
        else connection.Close(cause == "shutdown" ? CloseReason.Shutdown : CloseReason.SlowConsumer);
    }

    /// <summary>Eve, who is a moderator, and never answers a close.</summary>
    private sealed class HostileClient(HandMadeSocket? raw, HandMadeHubClient? hub) : IAsyncDisposable
    {
        public static async Task<HostileClient> ConnectAsync(Uri server, HubTransport? transport)
        {
            if (transport is { } chosen) return new HostileClient(null, await HandMadeHubClient.ConnectAsync(server, chosen, Query));
            var raw = await HandMadeSocket.OpenAsync(server, "/ws" + Query);
            while ((await raw.ReadAsync())?.Text.Contains("\"welcome\"", StringComparison.Ordinal) == false)
            {
            }
            return new HostileClient(raw, null);
        }

        public async Task SendAsync(string type, object payload)
        {
            if (raw != null) await raw.SendTextAsync(JsonSerializer.Serialize(new { type, payload }));
            else await hub!.CallTakenAsync(char.ToUpperInvariant(type[0]) + type[1..], payload);
        }

        public async ValueTask DisposeAsync()
        {
            raw?.Dispose();
            if (hub != null) await hub.DisposeAsync();
        }
    }
}
