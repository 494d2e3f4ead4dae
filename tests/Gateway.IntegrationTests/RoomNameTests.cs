using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>Names that look alike are one name, or none.</summary>
public sealed class RoomNameTests
{
    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RoomIsTheSameHoweverItsAccentIsTypedAndNothingInvisibleIsInAName(Kind kind)
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        await using var typed = await Clients.ConnectAsync(
            kind, gateway.Server, "?rooms=" + Uri.EscapeDataString("cafe\u0301") + "&username=" + Uri.EscapeDataString("Rene\u0301"));
        await using var other = await Clients.ConnectAsync(kind, gateway.Server, "?rooms=");
        await other.RequestAsync("join", new { room = "caf\u00e9" });

        await typed.RequestAsync("chat", new { room = "cafe\u0301", content = "same" });

        var heard = await other.NextAsync("chat");
        Assert.Equal(("caf\u00e9", "Ren\u00e9", "same"), (heard.Text("room"), heard.Text("username"), heard.Text("content")));
        foreach (var name in new[] { "lob\u200bby", "\u202eybbol", "lobby\ufeff", "lobby\u3164", "a\u00adb" })
        {
            var refused = await Assert.ThrowsAsync<GatewayError>(() => other.RequestAsync("join", new { room = name }));
            Assert.Equal((400, "room must not contain invisible characters"), (refused.Code, refused.Text));
            var path = (kind == Kind.Raw ? "/ws" : "/hub") + "?username=" + Uri.EscapeDataString(name);
            Assert.Contains(
                "HTTP/1.1 400", (await Assert.ThrowsAsync<IOException>(() => HandMadeSocket.OpenAsync(gateway.Server, path))).Message,
                StringComparison.Ordinal);
        }
    }
}
