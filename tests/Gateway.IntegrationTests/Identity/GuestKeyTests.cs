using System.Net;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Identity;

/// <summary>Who knows a guest's key is that guest, so a key that anyone would guess is refused.</summary>
public sealed class GuestKeyTests
{
    private static readonly HttpClient Http = new();

    [Theory]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("abababababababababababab")]
    [InlineData("0000000000000000000000000000000000000000000000001")]
    [InlineData("k7Qe0C2mT1x9aBcDe")] // too short
    public async Task KeyThatAnyoneWouldGuessIsRefused(string key)
    {
        await using var gateway = await EmbeddedGateway.StartAsync();

        foreach (var url in new[] { "/ws", "/hub" })
        {
            using var answer = await Http.GetAsync(new Uri(gateway.Server, $"{url}?guest_key={key}")).Within("the answer");
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.StartsWith("guest_key must ", await answer.Content.ReadAsStringAsync().Within("the text"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task KeyOfTheWelcomeAndRandomOnesOfOnesOwnAreTaken(Kind kind)
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        string user, key;
        await using (var first = await Clients.ConnectAsync(kind, gateway.Server))
            (user, key) = (first.UserId, first.Welcome.GetProperty("guest_key").GetString()!);
        await using var again = await Clients.ConnectAsync(kind, gateway.Server, "?guest_key=" + key);

        Assert.Equal(user, again.UserId);
        for (var i = 0; i < 50; i++)
        {
            var own = i % 2 == 0 ? Guid.NewGuid().ToString("N")
                : System.Security.Cryptography.RandomNumberGenerator.GetString("0123456789", 22);
            using var answer = await Http.GetAsync(new Uri(gateway.Server, "/ws?guest_key=" + own)).Within("the answer");
            Assert.Equal(HttpStatusCode.UpgradeRequired, answer.StatusCode);
        }
    }
}
