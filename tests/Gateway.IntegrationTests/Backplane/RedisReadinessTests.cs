using System.Net;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Backplane;

/// <summary>Readiness is judged by a write of the gateway's own, and says in Redis's own words what is wrong.</summary>
public sealed class RedisReadinessTests : IAsyncLifetime
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync();

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [Theory]
    [InlineData("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "OOM command not allowed")]
    [InlineData("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "READONLY You can't write against a read only replica")]
    public async Task ServerThatTakesNoWritesIsNotReady(string wrong, string right, string words)
    {
        await using var gateway = await StartAsync(_redis.Address);
        await UntilAsync(gateway, HttpStatusCode.OK, "ready");
        Assert.Equal(1, (await gateway.ScrapeAsync())["gateway_backplane_up"].Value);

        Assert.Equal("+OK", await _redis.CommandAsync(wrong));
        await UntilAsync(gateway, HttpStatusCode.ServiceUnavailable, words);
        Assert.Equal(0, (await gateway.ScrapeAsync())["gateway_backplane_up"].Value);
        Assert.Contains(words, gateway.Output, StringComparison.Ordinal);

        Assert.Equal("+OK", await _redis.CommandAsync(right));
        await UntilAsync(gateway, HttpStatusCode.OK, "ready");
        await using var client = await RawClient.ConnectAsync(gateway.Server);
        await client.RequestAsync("chat", new { content = "written" });
    }

    [Theory]
    [InlineData("", "NOAUTH")]
    [InlineData(",password=not-hunter2", "WRONGPASS")]
    public async Task WhatRedisSaysAgainstTheLoginIsToldWithoutThePassword(string login, string words)
    {
        Assert.Equal("+OK", await _redis.CommandAsync("CONFIG SET requirepass hunter2"));
        await using var gateway = await StartAsync(_redis.Address + login);

        await UntilAsync(gateway, HttpStatusCode.ServiceUnavailable, words);
        await Deadline.Until(
            () => gateway.Output.Contains("Redis is unavailable: " + words, StringComparison.Ordinal), "the log says it", Patience);
        Assert.DoesNotContain("hunter2", gateway.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerThatIsNotThereIsToldInTheNetworksWords()
    {
        await _redis.KillAsync();
        await using var gateway = await StartAsync(_redis.Address);

        await UntilAsync(gateway, HttpStatusCode.ServiceUnavailable, "Redis is unavailable: Connection refused");
    }

    [Theory]
    [InlineData("redis://:hunt%2Cer2@{0}/2")]
    [InlineData("password=hunt!er2,{0}")]
    public async Task BothFormsOfTheAddressLogIn(string form)
    {
        var password = form.Contains('!', StringComparison.Ordinal) ? "hunt!er2" : "hunt,er2";
        Assert.Equal("+OK", await _redis.CommandAsync("CONFIG SET requirepass " + password));
        await using var gateway = await StartAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, form, _redis.Address));

        await UntilAsync(gateway, HttpStatusCode.OK, "ready");
    }

    private static Task<GatewayProcess> StartAsync(string connection) =>
        GatewayProcess.StartAsync("--redis:enabled=true", "--redis:connection=" + connection, "--metrics_stream:enabled=false");

    private static Task UntilAsync(GatewayProcess gateway, HttpStatusCode status, string words) => Deadline.Until(async () =>
    {
        using var answer = await Http.GetAsync(new Uri(gateway.Server, "/health/ready"));
        return answer.StatusCode == status && (await answer.Content.ReadAsStringAsync()).Contains(words, StringComparison.Ordinal);
    }, $"readiness is {status} and says {words}", Patience);
}
