using System.Net;
using System.Net.Sockets;
using Gateway.IntegrationTests.Tls;
using Gateway.Testing;

namespace Gateway.IntegrationTests.Admin;

/// <summary>The ports for operators: where they listen, and how.</summary>
public sealed class OperatorPortTests
{
    private static readonly HttpClient AnyCertificate = new(
        new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } });

    [Fact]
    public async Task AdminAndMetricsListenOnThisMachineAloneByDefault()
    {
        var admin = FreePort();
        await using var gateway = await GatewayProcess.StartAsync(
            "--server:host=0.0.0.0", $"--admin:api_key={AdminClient.Key}", $"--admin:port={admin}");

        Assert.True(await AnswersAsync("127.0.0.2", gateway.Server.Port));
        Assert.False(await AnswersAsync("127.0.0.2", gateway.Metrics!.Port));
        Assert.False(await AnswersAsync("127.0.0.2", admin));
        Assert.True(await AnswersAsync("127.0.0.1", gateway.Metrics!.Port));
        Assert.True(await AnswersAsync("127.0.0.1", admin));
    }

    [Fact]
    public async Task AdminAndMetricsHaveTlsWhereTheyLeaveTheMachine()
    {
        using var authority = new CertificateAuthority();
        authority.Issue();
        var admin = FreePort();
        await using var gateway = await GatewayProcess.StartAsync(
            "--server:tls:enabled=true", $"--server:tls:cert_file={authority.CertFile}", $"--server:tls:key_file={authority.KeyFile}",
            "--metrics:host=0.0.0.0", "--admin:host=0.0.0.0", $"--admin:api_key={AdminClient.Key}", $"--admin:port={admin}");

        Assert.Equal("https", gateway.Metrics!.Scheme);
        Assert.Equal(HttpStatusCode.OK, (await AnyCertificate.GetAsync(gateway.Metrics).Within("the metrics page")).StatusCode);
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            (await AnyCertificate.GetAsync(new Uri($"https://127.0.0.1:{admin}/api/v1/rooms")).Within("the admin API")).StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(
            () => AnyCertificate.GetAsync(new Uri($"http://127.0.0.1:{admin}/api/v1/rooms")).Within("plain HTTP to be refused"));
    }

    private static async Task<bool> AnswersAsync(string address, int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(address), port).Within("the connection");
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
