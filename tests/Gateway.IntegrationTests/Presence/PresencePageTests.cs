using System.Text.Json;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Presence;

/// <summary>The list of a large room, as clients of both dialects get it from another replica.</summary>
public sealed class PresencePageTests(TwoReplicas replicas) : IClassFixture<TwoReplicas>
{
    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task ListComesInPagesAndCountsAlone(Kind kind)
    {
        const int Members = 110;
        var room = "room-" + Guid.NewGuid().ToString("N");
        await using var asker = await Clients.ConnectAsync(kind, replicas.A.Server, $"?rooms={room}");
        var members = await Task.WhenAll(
            Enumerable.Range(0, Members).Select(_ => RawClient.ConnectAsync(replicas.B.Server, $"?rooms={room}")));
        await Deadline.Until(
            async () => (await asker.RequestAsync("presence", new { room, counts = true }))
                .GetRawText() == $$"""{"room":"{{room}}","count":{{Members + 1}},"connections":{{Members + 1}}}""",
            "all are counted");

        var first = await asker.RequestAsync("presence", new { room });
        var second = await asker.RequestAsync("presence", new { room, after = first.GetProperty("next").GetString() });

        Assert.Equal((Members + 1, 100), (first.GetProperty("count").GetInt32(), first.GetProperty("members").GetArrayLength()));
        Assert.True(first.GetRawText().Length < 20_000);
        Assert.False(second.TryGetProperty("next", out _));
        Assert.Equal(
            members.Select(m => ((IChatClient)m).UserId).Append(asker.UserId).Order(StringComparer.Ordinal),
            Users(first).Concat(Users(second)).Order(StringComparer.Ordinal));
        foreach (var member in members) await member.DisposeAsync();
    }

    private static IEnumerable<string> Users(JsonElement page) =>
        page.GetProperty("members").EnumerateArray().Select(m => m.GetProperty("user_id").GetString()!);
}
