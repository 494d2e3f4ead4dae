using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Testing;

namespace Gateway.IntegrationTests;

/// <summary>
/// The same chat over every way a WebSocket can take: past the pipe, through it, TLS, HTTP/2, with a client that offers compression.
/// </summary>
public sealed class TransportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-tls").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PlainText(bool directSocket)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(o => { Widen(o); o.Server.DirectSocket = directSocket; });
        await using var raw = await RawClient.ConnectAsync(gateway.Server);
        await using var signalR = await SignalRClient.ConnectAsync(gateway.Server);

        await AssertLargeAndSmallAsync(raw, signalR);
    }

    [Fact]
    public async Task ClientThatOffersCompression()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(Widen);
        await using var raw = await RawClient.ConnectAsync(
            gateway.Server, configure: o => o.DangerousDeflateOptions = new WebSocketDeflateOptions());
        await using var signalR = await SignalRClient.ConnectAsync(
            gateway.Server, configure: o => o.DangerousDeflateOptions = new WebSocketDeflateOptions());

        await AssertLargeAndSmallAsync(raw, signalR);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task TlsOverHttp(int version)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(UseTls);
        await using var raw = await RawClient.ConnectAsync(gateway.Server, configure: o => Use(o, version), invoker: Invoker());
        await using var signalR = await SignalRClient.ConnectAsync(gateway.Server, configure: o => Use(o, version), invoker: Invoker());

        await AssertLargeAndSmallAsync(raw, signalR);
        await raw.CloseAsync();
        Assert.Equal(1000, (await raw.Closed).Code);
    }

    /// <summary>RFC 6455 section 7.4.1.</summary>
    [Theory]
    [InlineData("/ws")]
    [InlineData("/hub")]
    public async Task BrokenProtocolIsClosedWithItsCodeOverHttp2Too(string path)
    {
        await using var gateway = await EmbeddedGateway.StartAsync(UseTls);
        (byte[], int)[] broken =
        [
            ([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe], 1007), // no UTF-8
            ([0x81, 0x04, .. "ping"u8], 1002), // unmasked
            ([0x83, 0x80, 0, 0, 0, 0], 1002), // unknown opcode
        ];
        foreach (var (bytes, code) in broken)
        {
            using var client = await HandMadeSocket.OpenHttp2Async(gateway.Server, path);
            if (path == "/hub") await client.SendTextAsync("{\"protocol\":\"json\",\"version\":1}\u001e");
            await client.ReadAsync();

            await client.SendBytesAsync(bytes);

            Assert.Equal(code, (await client.ReadAllAsync())[^1].CloseStatus.Code);
        }
    }

    private static async Task AssertLargeAndSmallAsync(IChatClient raw, IChatClient signalR)
    {
        foreach (var (from, to) in new[] { (raw, signalR), (signalR, raw) })
        {
            foreach (var length in new[] { 1, 100, 30_000 })
            {
                var content = new string((char)('a' + (length % 26)), length);
                await from.ChatAsync(content);
                Assert.Equal(content, (await to.NextAsync("chat")).Text("content"));
                await from.NextAsync("chat");
            }
        }
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => (i % 2 == 0 ? raw : signalR).ChatAsync($"{i}")));
        for (var i = 0; i < 200; i++) Assert.Equal((await raw.NextAsync("chat")).ToString(), (await signalR.NextAsync("chat")).ToString());
    }

    private static void Use(ClientWebSocketOptions options, int version)
    {
        options.HttpVersion = new Version(version, version == 1 ? 1 : 0);
        options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
    }

    private static HttpMessageInvoker Invoker() =>
        new(
            new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true } },
            disposeHandler: true);

    /// <summary>
    /// 200 messages and the answers to half of them are under way at once: on a busy machine a client that does not get to read would be
    /// too slow.
    /// </summary>
    private static void Widen(Gateway.Configuration.ProgramOptions options) => options.Outbox.Capacity = 1000;

    private void UseTls(Gateway.Configuration.ProgramOptions options)
    {
        Widen(options);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        options.Server.Tls.Enabled = true;
        options.Server.Tls.CertFile = Path.Combine(_folder, "cert.pem");
        options.Server.Tls.KeyFile = Path.Combine(_folder, "key.pem");
        File.WriteAllText(options.Server.Tls.CertFile, certificate.ExportCertificatePem());
        File.WriteAllText(options.Server.Tls.KeyFile, key.ExportPkcs8PrivateKeyPem());
    }
}
