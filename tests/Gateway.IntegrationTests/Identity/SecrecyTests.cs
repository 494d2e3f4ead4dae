using System.Collections.Concurrent;
using System.Net;
using Gateway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.IntegrationTests.Identity;

/// <summary>Whatever is sent, at the most talkative level: no token stands in a log, a metric or an error.</summary>
public sealed class SecrecyTests(TokenFixture fixture) : IClassFixture<TokenFixture>
{
    [Fact]
    public async Task TokensAreNeverToldToAnyone()
    {
        var log = new Recorder();
        var told = new ConcurrentQueue<string>();
        string[] tokens =
        [
            fixture.Key.Token(), fixture.Key.Token(new() { ["sub"] = "eve" }), fixture.Key.Token(new() { ["exp"] = 1 }),
            TestKey.Rsa("unheard-of").Token(), "not-a-token-but-secret-all-the-same"
        ];
        await using (var gateway = await EmbeddedGateway.StartAsync(
            o =>
            {
                fixture.Authority.Trust(o);
                o.Logging.Level = LogLevel.Trace;
                o.Metrics.Enabled = true;
                o.Metrics.Port = 0;
            },
            services => services.AddSingleton<ILoggerProvider>(log)))
        {
            foreach (var token in tokens)
            {
                foreach (var kind in Enum.GetValues<Kind>())
                {
                    told.Enqueue((await fixture.AskAsync(gateway.Server, kind, "?token=" + token)).Text);
                    told.Enqueue(
                        (
                            await fixture.AskAsync(
                                gateway.Server, kind, "", h => h.TryAddWithoutValidation("Authorization", "Bearer " + token))).Text);
                    told.Enqueue(
                        (
                            await fixture.AskAsync(
                                gateway.Server, kind, "",
                                h => h.TryAddWithoutValidation("Sec-WebSocket-Protocol", "gateway, bearer." + token))).Text);
                }
                await using var late = await RawClient.OpenAsync(gateway.Server, "?auth=message");
                await late.SendAsync("auth", new { token });
                await Task.WhenAny(late.Closed, late.NextAsync("welcome")).Within("the answer");
                foreach (var message in late.All) told.Enqueue(message.ToString());
                foreach (var kind in Enum.GetValues<Kind>())
                {
                    await using var client = await Clients.ConnectAsync(kind, gateway.Server, "?access_token=" + tokens[0]);
                    await Record.ExceptionAsync(() => client.RequestAsync("refresh", new { token }));
                    await Record.ExceptionAsync(() => client.RequestAsync("refresh", new { token = new[] { token } }));
                    await Record.ExceptionAsync(() => client.RequestAsync("auth", new { token }));
                    await Record.ExceptionAsync(() => client.RequestAsync("chat", new { token }));
                    foreach (var message in client.All) told.Enqueue(message.ToString());
                }
                await MalformedRequestAsync(gateway.Server, token);
            }
            using var http = new HttpClient();
            var features = gateway.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features;
            var metrics = features.Get<Microsoft.AspNetCore.Hosting.Server.Features.IServerAddressesFeature>()!.Addresses.Last();
            var page = await http.GetStringAsync(new Uri(metrics + "/metrics")).Within("the metrics");
            Assert.Contains("gateway_auth_failures_total", page, StringComparison.Ordinal);
            told.Enqueue(page);
        }

        Assert.True(log.Lines.Count > 100, "hardly anything was logged");
        var parts = tokens.SelectMany(token => token.Split('.')).Where(part => part.Length > 20).Distinct().ToList();
        foreach (var line in log.Lines.Concat(told))
            Assert.DoesNotContain(parts, part => line.Contains(part, StringComparison.Ordinal));
    }

    /// <summary>A request that is none, with a token in what the server shows of such.</summary>
    private static async Task MalformedRequestAsync(Uri server, string token)
    {
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Port).Within("the connection");
        await socket.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes($"G T /ws?token={token} nothing\r\n\r\n"))
            .AsTask().Within("the request to be sent");
        using var reader = new StreamReader(socket.GetStream());
        Assert.Contains("400", await reader.ReadLineAsync().Within("the answer"), StringComparison.Ordinal);
    }

    private sealed class Recorder : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Lines.Enqueue(state.ToString() ?? "");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Lines.Enqueue(formatter(state, exception) + exception);
            if (state is IEnumerable<KeyValuePair<string, object?>> values)
                foreach (var (name, value) in values)
                    Lines.Enqueue($"{name}={value}");
        }

        public void Dispose()
        {
        }
    }
}
