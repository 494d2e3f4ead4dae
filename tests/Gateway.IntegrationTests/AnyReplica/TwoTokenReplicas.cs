using System.Text;
using Gateway.AspNetCore.Options;
using Gateway.Configuration;
using Gateway.IntegrationTests.Identity;
using Gateway.Testing;

namespace Gateway.IntegrationTests.AnyReplica;

/// <summary>
/// Two replicas in the test's own process, a real Redis between them, and users with tokens; shared by the tests of one class.
/// </summary>
public sealed class TwoTokenReplicas : IAsyncLifetime
{
    internal static readonly TestKey Key = TestKey.Symmetric();

    internal RedisServer Redis { get; private set; } = null!;
    internal EmbeddedGateway A { get; private set; } = null!;
    internal EmbeddedGateway B { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Redis = await RedisServer.StartAsync();
        (A, B) = (await StartAsync(), await StartAsync());
    }

    internal Task<EmbeddedGateway> StartAsync(Action<ProgramOptions>? set = null) => EmbeddedGateway.StartAsync(options =>
    {
        (options.Redis.Enabled, options.Redis.Connection) = (true, [Redis.Address]);
        options.Server.Port = Nginx.FreePort(); // known to the other one from the beginning
        (options.Auth.Mode, options.Auth.SigningKey) = (AuthMode.Jwt, [Encoding.UTF8.GetString(TestKey.Secret)]);
        options.Rooms.Permissions = [new() { Match = "orders", Join = ["clerk"] }];
        set?.Invoke(options);
    });

    internal static string Token(string user, TimeSpan life, params string[] roles) => Key.Token(new()
    {
        ["sub"] = user,
        ["exp"] = (DateTimeOffset.UtcNow + life).ToUnixTimeSeconds(),
        ["roles"] = roles,
    });

    public async ValueTask DisposeAsync()
    {
        await B.DisposeAsync();
        await A.DisposeAsync();
        await Redis.DisposeAsync();
    }
}
