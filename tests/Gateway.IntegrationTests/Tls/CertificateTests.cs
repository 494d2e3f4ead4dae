using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Gateway.Configuration;
using Gateway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.IntegrationTests.Tls;

public sealed class CertificateTests : IDisposable
{
    private readonly CertificateAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task ClientThatTrustsOnlyTheRootConnects()
    {
        var serial = _authority.Issue();
        await using var gateway = await EmbeddedGateway.StartAsync(UseTls);

        Assert.Equal((serial, SslPolicyErrors.None), await HandshakeAsync(gateway.Server));
        await using var raw = await RawClient.ConnectAsync(LocalHost(gateway.Server), invoker: Invoker());
        await using var signalR = await SignalRClient.ConnectAsync(LocalHost(gateway.Server), invoker: Invoker());
        await raw.ChatAsync("hello");
        await signalR.NextAsync("chat");
    }

    [Fact]
    public async Task RenewedCertificateIsServedWithoutARestartAndConnectionsLiveOn()
    {
        var first = _authority.Issue();
        await using var gateway = await EmbeddedGateway.StartAsync(UseTls);
        await using var client = await RawClient.ConnectAsync(LocalHost(gateway.Server), invoker: Invoker());
        Assert.Equal(first, (await HandshakeAsync(gateway.Server)).Serial);

        var second = _authority.Issue();

        await Deadline.Until(
            async () => (await HandshakeAsync(gateway.Server)) == (second, SslPolicyErrors.None), "the new certificate is served",
            TimeSpan.FromSeconds(30));
        await client.ChatAsync("still here");
        await client.NextAsync("chat");
    }

    [Fact]
    public async Task FilesThatCannotBeUsedLeaveTheCertificateInPlaceAndAreReported()
    {
        var log = new KeptLog();
        var first = _authority.Issue();
        await using var gateway = await EmbeddedGateway.StartAsync(UseTls, services => services.AddSingleton<ILoggerProvider>(log));

        File.WriteAllText(_authority.CertFile, "-----BEGIN CERTIFICATE-----\nbroken");
        await Deadline.Until(
            () => log.Lines.Any(line => line.Contains("cannot be used", StringComparison.Ordinal)), "it is reported",
            TimeSpan.FromSeconds(30));
        Assert.Equal((first, SslPolicyErrors.None), await HandshakeAsync(gateway.Server));

        var second = _authority.Issue();
        await Deadline.Until(
            async () => (await HandshakeAsync(gateway.Server)).Serial == second, "good files are taken again", TimeSpan.FromSeconds(30));
    }

    /// <summary>The certificate is not for the address that replicas reach each other at, so they know it by being their own.</summary>
    [Fact]
    public async Task ReplicasTrustEachOtherAlsoAfterTheRenewal()
    {
        _authority.Issue();
        await using var redis = await RedisServer.StartAsync();
        await using var a = await EmbeddedGateway.StartAsync(o => { UseTls(o); UseRedis(o, redis); });
        await using var b = await EmbeddedGateway.StartAsync(o => { UseTls(o); UseRedis(o, redis); });
        using var http = new HttpClient(
            new SocketsHttpHandler
            {
                SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
                PooledConnectionLifetime = TimeSpan.Zero
            });
        await AssertForwardsAsync(http, a, b);

        var renewed = _authority.Issue();
        foreach (var replica in new[] { a, b })
            await Deadline.Until(
                async () => (await HandshakeAsync(replica.Server)).Serial == renewed, "the new certificate is served",
                TimeSpan.FromSeconds(30));

        // which knows the new one only, and to which there are no connections yet
        await using var c = await EmbeddedGateway.StartAsync(o => { UseTls(o); UseRedis(o, redis); });
        await AssertForwardsAsync(http, a, c);
        await AssertForwardsAsync(http, c, b);
    }

    private static async Task AssertForwardsAsync(HttpClient http, EmbeddedGateway owner, EmbeddedGateway other) =>
        await Deadline.Until(async () =>
        {
            using var negotiated = await http.PostAsync(new Uri(owner.Server, "/hub/negotiate?negotiateVersion=1"), null);
            if (negotiated.StatusCode != HttpStatusCode.OK) return false; // the key, and the address, come from Redis
            var token = (await negotiated.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("connectionToken").GetString();
            using var poll = await http.GetAsync(new Uri(other.Server, "/hub?id=" + token));
            return poll.StatusCode == HttpStatusCode.OK;
        }, "a poll is sent on to its replica", TimeSpan.FromSeconds(30));

    /// <summary>What a client sees that trusts the root and nothing else, and downloads nothing.</summary>
    private async Task<(string Serial, SslPolicyErrors Errors)> HandshakeAsync(Uri server)
    {
        var errors = SslPolicyErrors.None;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Parse(server.Host), server.Port).Within("the connection");
        await using var stream = new SslStream(new NetworkStream(socket));
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            CertificateChainPolicy = TrustTheRoot(),
            RemoteCertificateValidationCallback = (_, _, _, found) =>
            {
                errors = found;
                return true;
            },
        }).Within("the handshake");
        return (((X509Certificate2)stream.RemoteCertificate!).SerialNumber, errors);
    }

    private X509ChainPolicy TrustTheRoot() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { _authority.Root },
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };

    private HttpMessageInvoker Invoker() =>
        new(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = TrustTheRoot() } }, disposeHandler: true);

    private static Uri LocalHost(Uri server) => new UriBuilder(server) { Host = "localhost" }.Uri;

    private static void UseRedis(ProgramOptions options, RedisServer redis)
    {
        options.Redis.Enabled = true;
        options.Redis.Connection = [redis.Address];
    }

    private void UseTls(ProgramOptions options)
    {
        options.Server.Tls.Enabled = true;
        options.Server.Tls.CertFile = _authority.CertFile;
        options.Server.Tls.KeyFile = _authority.KeyFile;
    }

    private sealed class KeptLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
