using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Testing;
using Gateway.Testing.Prometheus;

namespace Gateway.IntegrationTests.Lifecycle;

/// <summary>Nobody reads the pipe that standard output goes to.</summary>
public sealed class UnreadLogTests
{
    private const int SigTerm = 15;

    [Fact]
    public async Task GatewayServesAndEndsThoughNobodyReadsItsLog()
    {
        var (port, metrics) = (FreePort(), FreePort());
        var start = new ProcessStartInfo(
            "dotnet",
            [
                Repository.GatewayDll, "--server:host=127.0.0.1", $"--server:port={port}", $"--metrics:port={metrics}",
                "--logging:level=trace", "--rate_limit:messages=0"
            ])
        {
            RedirectStandardOutput = true, // and not read
            WorkingDirectory = Path.GetTempPath(),
        };
        using var process = Process.Start(start)!;
        try
        {
            using var http = new HttpClient { Timeout = Deadline.Usual };
            var server = new Uri($"http://127.0.0.1:{port}");
            await Deadline.Until(
                () => AnswersAsync(http, new Uri(server, "/health/live")), "the gateway answers", TimeSpan.FromSeconds(30));

            await Deadline.Until(async () => // until the pipe is full, and the queue after it
            {
                for (var i = 0; i < 50; i++)
                {
                    await using var client = await RawClient.ConnectAsync(server);
                    await client.RequestAsync("chat", new { content = "hello" });
                }
                return await DroppedAsync(http, metrics) > 0;
            }, "lines are dropped", TimeSpan.FromSeconds(60));

            Assert.True(await AnswersAsync(http, new Uri(server, "/health/ready")));
            await using (var late = await RawClient.ConnectAsync(server)) await late.RequestAsync("chat", new { content = "late" });
            using (var kill = Process.Start("kill", [$"-{SigTerm}", $"{process.Id}"])) await kill.WaitForExitAsync().Within("the signal");
            await process.WaitForExitAsync().Within("the gateway to stop", TimeSpan.FromSeconds(15));
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    private static async Task<bool> AnswersAsync(HttpClient http, Uri url)
    {
        try
        {
            using var answer = await http.GetAsync(url);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task<double> DroppedAsync(HttpClient http, int port)
    {
        var page = PrometheusText.Parse(Encoding.UTF8.GetBytes(await http.GetStringAsync($"http://127.0.0.1:{port}/metrics")));
        return page["gateway_log_lines_dropped_total"].With();
    }

    private static int FreePort()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        return ((IPEndPoint)holder.LocalEndpoint).Port;
    }
}
