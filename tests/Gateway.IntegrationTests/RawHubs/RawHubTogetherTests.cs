using System.Text.Json;
using Gateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.IntegrationTests.RawHubs;

/// <summary>Raw clients and stock SignalR clients of one hub, in the same groups.</summary>
public sealed class RawHubTogetherTests
{
    [Fact]
    public async Task GroupReachesBothKindsWithTheSamePayload()
    {
        await using var app = await HubApplication.StartAsync();
        await using var raw = await app.ConnectAsync();
        await using var signalR = await app.ConnectSignalRAsync();
        await raw.RequestAsync("Enter", "a group\twith * any name");
        await signalR.Hub.InvokeAsync("Enter", "a group\twith * any name").Within("entering");

        await raw.SendAsync("Say", new { group = "a group\twith * any name", text = "from raw <é>" });
        await AssertBothAsync("from raw <é>");
        await signalR.Hub.InvokeAsync("Say", new { group = "a group\twith * any name", text = "from SignalR" }).Within("the call");
        await AssertBothAsync("from SignalR");

        await raw.RequestAsync("Exit", "a group\twith * any name");
        await signalR.Hub.InvokeAsync("Say", new { group = "a group\twith * any name", text = "without raw" }).Within("the call");
        await signalR.NextAsync("said");
        Assert.DoesNotContain(raw.All, message => message.Json.ToString().Contains("without raw", StringComparison.Ordinal));

        async Task AssertBothAsync(string text)
        {
            var (toRaw, toSignalR) = (await raw.NextAsync("said"), await signalR.NextAsync("said"));
            Assert.Equal(text, toRaw.Text("text"));
            Assert.Equal(toSignalR.Json.GetRawText(), toRaw.Json.GetRawText());
        }
    }

    [Fact]
    public async Task ArgumentsAreThePayload()
    {
        await using var app = await HubApplication.StartAsync();
        await using var raw = await app.ConnectAsync();
        await using var other = await app.ConnectAsync();
        var hub = app.Services.GetRequiredService<IHubContext<ToolHub>>();
        await hub.Clients.All.SendAsync("none");
        await hub.Clients.All.SendAsync("one", new[] { 1, 2 });
        await hub.Clients.All.SendAsync("two", 1, "b");
        Assert.Equal("null", (await raw.NextAsync("none")).Json.GetRawText());
        Assert.Equal("[1,2]", (await raw.NextAsync("one")).Json.GetRawText());
        Assert.Equal("[1,\"b\"]", (await raw.NextAsync("two")).Json.GetRawText());

        await raw.SendAsync("TellOthers", null);
        await other.NextAsync("others");
        await raw.RequestAsync("Nothing", null);
        Assert.DoesNotContain(raw.All, message => message.Type == "others");
    }

    [Fact]
    public async Task UserIsReachedOnConnectionsOfBothKinds()
    {
        await using var app = await HubApplication.StartAsync();
        await using var raw = await app.ConnectAsync(user: "ada");
        await using var signalR = await app.ConnectSignalRAsync(user: "ada");
        await using var stranger = await app.ConnectAsync(user: "bob");
        await stranger.RequestAsync("Tell", new[] { "ada", "psst" });
        Assert.Equal("psst", (await raw.NextAsync("told")).Json.GetString());
        Assert.Equal("psst", (await signalR.NextAsync("told")).Json.GetString());
        await stranger.RequestAsync("Nothing", null);
        Assert.DoesNotContain(stranger.All, message => message.Type == "told");
    }

    [Fact]
    public async Task AnswerFollowsWhatTheMethodSentBeforeIt()
    {
        await using var app = await HubApplication.StartAsync();
        using var raw = await app.OpenAsync();
        for (var round = 0; round < 20; round++)
        {
            await raw.SendTextAsync("""{"type":"Burst","payload":20,"id":1}""");
            for (var i = 0; i < 20; i++) Assert.Equal($$"""{"type":"burst","payload":{{i}}}""", await raw.NextTextAsync());
            Assert.Equal("""{"type":"ack","id":1,"payload":20}""", await raw.NextTextAsync());
        }
    }

    [Fact]
    public async Task ServerCodeAsksARawClient()
    {
        await using var app = await HubApplication.StartAsync();
        using var raw = await HandMadeSocket.OpenAsync(app.Server, "/ws");
        var id = (await raw.NextTextAsync()).Json().GetProperty("payload").GetProperty("id").GetString()!;
        var hub = app.Services.GetRequiredService<IHubContext<ToolHub>>();
        var asked = hub.Clients.Client(id).InvokeAsync<JsonElement>("sum", 1, 2, CancellationToken.None);
        var question = (await raw.NextTextAsync()).Json();
        Assert.Equal("[1,2]", question.GetProperty("payload").GetRawText());
        await raw.SendTextAsync($$$"""{"type":"result","id":{{{question.GetProperty("id").GetRawText()}}},"payload":{"sum":3}}""");
        Assert.Equal(3, (await asked.Within("the result")).GetProperty("sum").GetInt32());
    }

    [Fact]
    public async Task ApplicationsSerializerOptionsHoldBothWays()
    {
        await using var app = await HubApplication.StartAsync(add: services => services.AddSignalR().AddJsonProtocol(options =>
        {
            options.PayloadSerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseUpper;
            options.PayloadSerializerOptions.Converters.Add(new Backwards());
        }));
        using var raw = await app.OpenAsync();
        Assert.Equal(
            """{"type":"ack","id":1,"payload":{"GROUP":"g","TEXT":"cbacba"}}""",
            await raw.AskAsync("""{"type":"Twice","payload":{"GROUP":"g","TEXT":"cba"},"id":1}"""));
    }

    [Fact]
    public async Task RawClientsOfTwoReplicasMeet()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await HubApplication.StartAsync(redis: redis);
        await using var b = await HubApplication.StartAsync(redis: redis);
        await using var here = await a.ConnectAsync();
        await using var there = await b.ConnectAsync();
        await here.RequestAsync("Enter", "g");
        await there.RequestAsync("Enter", "g");
        await here.RequestAsync("Say", new { group = "g", text = "across" });
        Assert.Equal("across", (await there.NextAsync("said")).Text("text"));
        Assert.Equal("across", (await here.NextAsync("said")).Text("text"));

        using var socket = await HandMadeSocket.OpenAsync(b.Server, "/ws");
        var id = (await socket.NextTextAsync()).Json().GetProperty("payload").GetProperty("id").GetString()!;
        var hub = a.Services.GetRequiredService<IHubContext<ToolHub>>();
        var asked = hub.Clients.Client(id).InvokeAsync<string>("question", "?", CancellationToken.None);
        var question = (await socket.NextTextAsync()).Json();
        Assert.Equal("?", question.GetProperty("payload").GetString());
        await socket.SendTextAsync($$$"""{"type":"result","id":{{{question.GetProperty("id").GetRawText()}}},"payload":"across"}""");
        Assert.Equal("across", await asked.Within("the result"));
    }

    [Fact]
    public async Task MapRawHubWithoutTheGatewayUnderTheHubsSaysTheRemedy()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSignalR();
        await using var app = builder.Build();
        var refused = Assert.Throws<InvalidOperationException>(() => app.MapRawHub<StringHub>("/ws"));
        Assert.Contains("AddSignalR().AddGateway()", refused.Message, StringComparison.Ordinal);
    }

    private sealed class StringHub : Hub;

    /// <summary>A string that is written and read from its end.</summary>
    private sealed class Backwards : System.Text.Json.Serialization.JsonConverter<string>
    {
        public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new([.. reader.GetString()!.Reverse()]);

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
            writer.WriteStringValue(new string([.. value.Reverse()]));
    }
}
