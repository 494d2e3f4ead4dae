using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Client.SignalR;
using Gateway.Testing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Client.Tests;

/// <summary>Whatever a server sends, the client goes on, on the same connection, and is told what was ignored.</summary>
public sealed class MalformedTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "wire");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MalformedMessagesAreIgnoredCountedAndTold(bool isHub)
    {
        await using var server = await HostileServer.StartAsync(isHub);
        await using var side = await Side.ConnectAsync(server, isHub);
        (string Type, string Payload, string Problem)[] bad =
        [
            ("system", "null", "a system without a payload"),
            ("system", "{}", "a system whose event is missing or of the wrong kind"),
            ("system", """{"event":"gap","room":"lobby","from":"1"}""", "a system whose from is of the wrong kind"),
            ("system", """{"event":"gap","room":"\ud800"}""", "a message that is no Unicode: \"system\""),
            ("welcome", "null", "a welcome that is not the connection's first message"),
            ("chat", "null", "a chat without a payload"),
            ("chat", """{"room":7,"content":"x"}""", "a chat whose room is of the wrong kind"),
            ("metrics", "[]", "a metrics without a payload"),
        ];
        foreach (var (type, payload, _) in bad) await server.SayAsync(type, payload);
        await side.FlushAsync(server);

        Assert.Equal(
            bad.Select(one => $"malformed_message: ignored {one.Problem}"), side.Ignored.Select(error => $"{error.Code}: {error.Message}"));
        Assert.Equal(bad.Length, side.IgnoredMessages());
        Assert.Empty(side.Failed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnlyTheFirstMessageOfAConnectionIsItsWelcome(bool isHub)
    {
        await using var server = await HostileServer.StartAsync(isHub);
        await using var side = await Side.ConnectAsync(server, isHub);
        await side.FlushAsync(server); // the real one has been handed out
        var heard = new ConcurrentQueue<string>();
        foreach (var type in new[] { "welcome", "Welcome" }) side.On(type, message => heard.Enqueue(message.Payload.GetRawText()));
        foreach (var type in new[] { "welcome", "Welcome", "WELCOME" })
            await server.SayAsync(
                type,
                HostileServer.Welcome.Replace("guest-1", "guest-evil", StringComparison.Ordinal)
                    .Replace("k7Qe", "evil", StringComparison.Ordinal)
                    .Replace("[]", """[{"room":"trap","epoch":"e","offset":1}]""", StringComparison.Ordinal));
        await side.FlushAsync(server);

        Assert.Equal(("guest-1", "k7Qe0C2mT1x9aBcDeFgHiJ"), (side.Welcome()!.UserId, side.Welcome()!.GuestKey));
        if (side.Raw is { } raw) Assert.Equal("k7Qe0C2mT1x9aBcDeFgHiJ", raw.GuestKey);
        Assert.Empty(side.Rooms());
        Assert.Empty(heard);
        Assert.Equal(3, side.IgnoredMessages());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task JoinWhoseAnswerIsMalformedFails(bool isHub)
    {
        await using var server = await HostileServer.StartAsync(isHub);
        await using var side = await Side.ConnectAsync(server, isHub);
        foreach (var answer in new[] { "null", "7", "[]", """{"epoch":7}""", """{"offset":"1"}""", """{"epoch":"e","offset":-1}""" })
        {
            server.Answer = answer;
            var refused = await Assert.ThrowsAsync<GatewayException>(() => side.JoinAsync("lobby").Within("the answer"));
            Assert.Equal(GatewayErrors.MalformedMessage, refused.Code);
        }
    }

    [Fact]
    public async Task AnswersThatAreMalformedAreErrorsOfWhoeverAsked()
    {
        await using var server = await HostileServer.StartAsync(isHub: false);
        await using var side = await Side.ConnectAsync(server, isHub: false);
        foreach (var answer in new[] { "null", "7", """{"messages":7}""", """{"room":"\ud800"}""" })
        {
            server.Answer = answer;
            Assert.Equal(
                GatewayErrors.MalformedMessage,
                (await Assert.ThrowsAsync<GatewayException>(() => side.Raw!.HistoryAsync("lobby").Within("the answer"))).Code);
        }
        foreach (var error in new[] { "null", "7", "{}", """{"code":"x","message":"y"}""", """{"code":400,"message":7}""" })
        {
            server.Error = error;
            Assert.Equal(
                GatewayErrors.MalformedMessage,
                (await Assert.ThrowsAsync<GatewayException>(() => side.Raw!.HistoryAsync("lobby").Within("the answer"))).Code);
        }
        server.Error = """{"code":400,"message":"no","retry_after_ms":1e300}""";
        Assert.Equal(
            TimeSpan.FromMilliseconds(int.MaxValue),
            (await Assert.ThrowsAsync<GatewayException>(() => side.Raw!.HistoryAsync("lobby").Within("the answer"))).RetryAfter);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task HandlerThatCannotTakeAMessageFailsAlone(bool isHub)
    {
        await using var server = await HostileServer.StartAsync(isHub);
        await using var side = await Side.ConnectAsync(server, isHub);
        var heard = 0;
        side.On("chat", message => message.Payload.GetProperty("content").GetString());
        side.On("chat", _ => heard++);
        await server.SayAsync("chat", "{}");
        await side.FlushAsync(server);

        Assert.IsType<KeyNotFoundException>(Assert.Single(side.Failed));
        Assert.Equal(1, heard);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LivesThroughEveryGoldenFileMutatedAndRandomJson(bool isHub)
    {
        var random = new Random(20261121);
        var golden = Directory.GetFiles(Folder, "*.json").Order(StringComparer.Ordinal)
            .Select(file => JsonNode.Parse(File.ReadAllText(file))!)
            .Where(file => file["direction"]!.GetValue<string>() == "server" && file["raw"] != null).ToList();
        await using var server = await HostileServer.StartAsync(isHub);
        await using var side = await Side.ConnectAsync(server, isHub);
        foreach (var type in new[] { "chat", "direct", "presence", "system", "metrics", "welcome", "error", "own" })
            side.On(type, message => message.Payload.GetRawText());
        server.Answer = """{"room":"lobby","epoch":"e","offset":5,"recovered":true,"replayed":0}""";
        await side.JoinAsync("lobby").Within("the room");
        for (var i = 0; i < 3000; i++)
        {
            var file = golden[random.Next(golden.Count)];
            var type = random.Next(20) == 0 ? "own" : file["type"]!.GetValue<string>();
            var payload = random.Next(4) == 0 ? Anything(random, 3) : Mutated(random, file["payload"]?.ToJsonString() ?? "null");
            if (payload.Contains("shutdown", StringComparison.Ordinal)) payload = "{}"; // to which a client does something
            if (isHub || random.Next(5) > 0) await server.SayAsync(type, payload);
            else await server.TextAsync(Broken(random, file["raw"]!.GetValue<string>()));
        }
        await side.FlushAsync(server);

        Assert.Equal("guest-1", side.Welcome()!.UserId);
        Assert.True(side.IgnoredMessages() > 100, $"{side.IgnoredMessages()} were ignored");
        Assert.Empty(side.Failed);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task TokenIsInNoAddressAlsoWhenItIsRefused()
    {
        await using var server = await HostileServer.StartAsync(isHub: false);
        server.Refuses = true;
        await using var client = new GatewayClient(
            server.Address.ToString(), new() { TokenProvider = _ => ValueTask.FromResult<string?>("a.b.c") });
        var told = new Told(client);
        client.Start();
        await told.UntilAsync(ClientState.Closed);

        Assert.Equal("Invalid token", told.States[^1].Error!.Message);
        Assert.Equal([("/ws?rooms=", "Bearer a.b.c"), ("/ws?rooms=", "Bearer a.b.c")], server.Requests);
    }

    [Fact]
    public async Task TokenThatCannotBeOneIsNotSent()
    {
        await using var server = await HostileServer.StartAsync(isHub: false);
        var asked = 0;
        await using var client = new GatewayClient(server.Address.ToString(), new()
        {
            ReconnectBaseDelay = TimeSpan.FromMilliseconds(1),
            TokenProvider = _ => ValueTask.FromResult<string?>(Interlocked.Increment(ref asked) == 1 ? "secret\r\nX-Header: 1" : "a.b.c"),
        });
        var told = new Told(client);
        client.Start();
        await told.UntilAsync(ClientState.Open);

        Assert.Single(server.Requests);
        Assert.Contains(told.States, change => change.Error?.Message == "no token: it has characters that a token cannot have");
    }

    private static string Anything(Random random, int depth)
    {
        string[] leaves =
            ["null", "true", "0", "-1", "1.5", "1e308", "9223372036854775808", "\"\"", "\"lobby\"", "\"gap\"", "\"\\ud800\"", "[]", "{}"];
        if (depth == 0 || random.Next(2) == 0) return leaves[random.Next(leaves.Length)];
        if (random.Next(3) == 0)
            return $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Anything(random, depth - 1)))}]";
        string[] names = ["room", "event", "offset", "epoch", "from", "to", "missed", "rooms", "code", "\\ud800", "content"];
        var fields = Enumerable.Range(0, random.Next(5))
            .Select(_ => $"\"{names[random.Next(names.Length)]}\":{Anything(random, depth - 1)}");
        return $"{{{string.Join(',', fields)}}}";
    }

    /// <summary>One value of it is another one, or gone.</summary>
    private static string Mutated(Random random, string json)
    {
        if (JsonNode.Parse(json) is not JsonObject { Count: > 0 } fields || random.Next(5) == 0) return Anything(random, 1);
        var gone = fields.ElementAt(random.Next(fields.Count)).Key;
        var parts = fields.Where(field => field.Key != gone)
            .Select(field => $"\"{field.Key}\":{field.Value?.ToJsonString() ?? "null"}").ToList();
        if (random.Next(4) > 0) parts.Add($"\"{gone}\":{Anything(random, 2)}");
        return $"{{{string.Join(',', parts)}}}";
    }

    private static string Broken(Random random, string text)
    {
        var at = random.Next(text.Length);
        var made = random.Next(2) == 0 ? text[..at] : new StringBuilder(text) { [at] = (char)random.Next(32, 127) }.ToString();
        return made.Contains("shutdown", StringComparison.Ordinal) ? "{" : made;
    }

    /// <summary>Either client, as the tests use it.</summary>
    private sealed class Side : IAsyncDisposable
    {
        private readonly ResumingHubConnection? _hub;

        private Side(GatewayClient? raw, ResumingHubConnection? hub) => (Raw, _hub) = (raw, hub);

        public GatewayClient? Raw { get; }
        public ConcurrentQueue<GatewayException> Ignored { get; } = [];
        public ConcurrentQueue<Exception> Failed { get; } = [];

        public static async Task<Side> ConnectAsync(HostileServer server, bool isHub)
        {
            Side side;
            if (isHub)
            {
                var builder = new HubConnectionBuilder();
                builder.Services.AddSingleton<IConnectionFactory>(new WebSocketConnectionFactory(static _ => { }, null, null));
                builder.Services.AddSingleton<EndPoint>(new UriEndPoint(new Uri($"ws://{server.Address.Authority}/hub?rooms=")));
                var hub = builder.Build().WithGatewayResume();
                side = new Side(null, hub);
                hub.MessageIgnored += side.Ignored.Enqueue;
                hub.HandlerFailed += side.Failed.Enqueue;
                await hub.StartAsync().Within("the connection");
            }
            else
            {
                var raw = new GatewayClient(server.Address.ToString());
                side = new Side(raw, null);
                raw.MessageIgnored += side.Ignored.Enqueue;
                raw.HandlerFailed += side.Failed.Enqueue;
                raw.Start();
            }
            await Deadline.Until(() => Task.FromResult(side.Welcome() != null), "the welcome");
            return side;
        }

        public Welcome? Welcome() => Raw?.Welcome ?? _hub?.Welcome;
        public IReadOnlyList<string> Rooms() => Raw?.Rooms ?? _hub!.Rooms;
        public long IgnoredMessages() => Raw?.IgnoredMessages ?? _hub!.IgnoredMessages;
        public IDisposable On(string type, Action<GatewayMessage> handler) => Raw?.On(type, handler) ?? _hub!.On(type, handler);
        public Task<RoomPosition> JoinAsync(string room) => Raw?.JoinAsync(room) ?? _hub!.JoinAsync(room);

        /// <summary>Everything that was sent has been read when this one has been heard.</summary>
        public async Task FlushAsync(HostileServer server)
        {
            var mark = Guid.NewGuid().ToString();
            var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var off = On("direct", message =>
            {
                if (message.Payload.GetRawText().Contains(mark, StringComparison.Ordinal)) heard.TrySetResult();
            });
            await server.SayAsync("direct", $$"""{"content":"{{mark}}"}""");
            await heard.Task.Within("it to go on");
        }

        public async ValueTask DisposeAsync()
        {
            if (Raw != null) await Raw.DisposeAsync();
            if (_hub != null) await _hub.DisposeAsync();
        }
    }
}
