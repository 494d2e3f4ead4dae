using Gateway.Redis.Options;
using Gateway.Redis.Servers;
using Xunit;

namespace Gateway.Tests.Configuration;

/// <summary>What <c>redis.connection</c> says, what is refused, and what of it may be shown.</summary>
public sealed class RedisAddressTests : IDisposable
{
    private const string Secret = "hunter2!=x";

    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("127.0.0.1:99999", "\"127.0.0.1:99999\" has a port that is not a whole number from 1 to 65535")]
    [InlineData("localhost:6379,ssl=maybe", "\"localhost:6379,ssl=maybe\" has an option ssl that is not true or false")]
    [InlineData("localhost:6379,bogus=1", "\"localhost:6379,…=***\" has an unknown option")]
    [InlineData("localhost:6379,connectTimeout=-1", "has an option connectTimeout that is not a whole number from 100 to 60000")]
    [InlineData("localhost:6379,user=ada,password=hunter2!=x", "has an option user that is not supported")]
    [InlineData("password=hunter2!=x", "\"password=***\" names no server")]
    [InlineData("http://localhost:6379", "is a URL, but not redis:// or rediss://")]
    [InlineData("redis://ada:hunter2!=x@localhost", "names a user")]
    [InlineData("redis://:hunter2!=x@localhost:99999", "has a port that is not")]
    [InlineData("redis://localhost/x", "is a URL whose database is not")]
    [InlineData("a b", "is neither a host name nor an address")]
    public void WrongAddressStopsTheStartWithKeyValueAndWhatIsAllowed(string text, string expected)
    {
        var error = Assert.Single(_folder.Errors(null, ["--redis:connection=" + text]));

        Assert.StartsWith("redis.connection: ", error, StringComparison.Ordinal);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Contains("allowed: host:port", error, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis://10.0.0.5", "10.0.0.5:6379", null, null, null)]
    [InlineData("redis://:p%2Cw%40@redis.example:7000/3", "redis.example:7000", "p,w@", null, "3")]
    [InlineData("rediss://default:pw@redis.example", "redis.example:6379", "pw", "true", null)]
    [InlineData("redis://[::1]:7000", "[::1]:7000", null, null, null)]
    [InlineData("password=pw,ssl=true,redis.example:7000", "redis.example:7000", "pw", "true", null)]
    public void BothFormsAreRead(string text, string endpoint, string? password, string? ssl, string? database)
    {
        Assert.Null(RedisAddress.TryRead(text, out var address));
        Assert.Equal(
            (endpoint, password, ssl, database),
            (Assert.Single(address.Endpoints), address["password"], address["ssl"], address["defaultDatabase"]));
        Assert.Equal((password, ssl == "true"), (RedisClientOptions.Of(address).Password, RedisClientOptions.Of(address).Ssl));
    }

    [Fact]
    public void EveryKnownOptionIsOneOfTheClientLibrary()
    {
        const string all = "localhost:6379,ssl=true,sslHost=h,name=n,connectTimeout=1000,connectRetry=3,syncTimeout=1000,"
            + "responseTimeout=1000,keepAlive=10,"
            + "configCheckSeconds=10,defaultDatabase=1,writeBuffer=4096,resolveDns=true,abortConnect=true,"
            + "allowAdmin=false,version=7.0,tiebreaker=,configChannel=";
        Assert.Null(RedisAddress.TryRead(all, out var address));
        Assert.Equal(1000, RedisClientOptions.Of(address).ConnectTimeout);
        Assert.False(RedisClientOptions.Of(address).AbortOnConnectFail);
    }

    /// <summary>Wherever the password stands among the options, and whatever else is wrong: it is not shown.</summary>
    [Fact]
    public void PasswordIsNeverShownWhateverTheOrder()
    {
        var random = new Random(7);
        string[] pool = [
            "localhost:6379", "other:1", "ssl=true", "connectTimeout=1000", "bogus=1", "x:99999", "ssl=perhaps", "user=ada", "=", "",
            "redis://host", "name=n", "a b"
        ];
        for (var i = 0; i < 5000; i++)
        {
            var parts = pool.OrderBy(_ => random.Next()).Take(random.Next(pool.Length)).ToList();
            parts.Insert(
                random.Next(parts.Count + 1),
                random.Next(4) switch
                {
                    0 => "password=" + Secret,
                    1 => " PASSWORD = " + Secret,
                    2 => "Password=" + Secret,
                    _ => "passwrod=" + Secret,
                });
            var list = string.Join(',', parts);
            foreach (var text in new[] { list, $"redis://:{Secret}@{list}", $" rediss://u:{Secret}@host:{i}/{i}" })
            {
                Assert.DoesNotContain("hunter2", RedisAddress.Redact(text), StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain(
                    "hunter2", RedisAddress.RedactInvalid(text) + RedisAddress.TryRead(text, out _), StringComparison.OrdinalIgnoreCase);
            }
        }
    }
}
