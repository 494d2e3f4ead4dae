using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gateway.Testing;

namespace Gateway.Client.Tests;

/// <summary>Users with tokens.</summary>
public sealed class TokenTests
{
    private const string Secret = "an HS256 secret of more than thirty-two bytes";

    [Fact]
    public async Task ConnectionIsKeptWithANewerTokenWhenTheOldOneEnds()
    {
        await using var gateway = await StartAsync();
        var asked = 0;
        await using var client = new GatewayClient(gateway.Server.ToString(), new()
        {
            TokenProvider = _ => ValueTask.FromResult<string?>(
                Token(Interlocked.Increment(ref asked) == 1 ? TimeSpan.FromSeconds(3) : TimeSpan.FromMinutes(5))),
        });
        var told = new Told(client);
        await client.JoinAsync("room").Within("the room");
        var connection = client.Welcome!.ConnectionId;
        await Deadline.Until(() => asked == 2, "a newer token to be asked for");
        await Task.Delay(TimeSpan.FromSeconds(4)); // the time of the first one, and more
        await client.ChatAsync("still here", "room").Within("the answer");

        Assert.Equal(("ada", connection), (client.Welcome.UserId, client.Welcome.ConnectionId));
        Assert.DoesNotContain(told.States, change => change.State == ClientState.Reconnecting);
    }

    [Fact]
    public async Task WithoutOneItIsClosedWithTheReason()
    {
        await using var gateway = await StartAsync();
        foreach (var (token, reason) in new[] { (null, "Unauthorized"), ("nonsense", "Invalid token") })
        {
            await using var client = new GatewayClient(
                gateway.Server.ToString(), new() { TokenProvider = _ => ValueTask.FromResult<string?>(token) });
            var told = new Told(client);
            client.Start();
            await told.UntilAsync(ClientState.Closed);
            Assert.Equal(("401", reason), (told.States[^1].Error!.Code, told.States[^1].Error!.Message));
        }
    }

    private static Task<GatewayProcess> StartAsync() => GatewayProcess.StartAsync(
        "--auth:mode=jwt", "--auth:signing_key=" + Secret, "--auth:expiry_warning=2s", "--metrics_stream:enabled=false");

    private static string Token(TimeSpan lifetime)
    {
        var claims = $$"""{"sub":"ada","preferred_username":"Ada","exp":{{DateTimeOffset.UtcNow.Add(lifetime).ToUnixTimeSeconds()}}}""";
        var input = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8) + "." + Base64Url.EncodeToString(
            Encoding.UTF8.GetBytes(claims));
        return input + "." + Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(input)));
    }
}
