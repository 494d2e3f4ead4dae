using System.Text;
using System.Text.Json;
using Gateway.Core.Broadcast;
using Gateway.Core.Commands;
using Gateway.Core.Messages;
using Gateway.Core.Tests.Broadcast;
using Gateway.Core.Wire;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Tests.Commands;

/// <summary>Commands of an application: what the router does for them, and what their handlers see.</summary>
public sealed class CommandHandlerTests
{
    [Theory]
    [InlineData(FrameFormat.RawWebSocket)]
    [InlineData(FrameFormat.SignalRWebSocket)]
    internal async Task HandlerSeesItsCallerAndItsPayload(FrameFormat format)
    {
        using var core = Core(new Handler<JsonElement>((context, payload) => CommandResult.Json(new
        {
            context.Type,
            ConnectionId = context.Caller.Id,
            UserId = context.Caller.User.Id,
            Dialect = context.Caller.Dialect.ToString(),
            context.Caller.Domain,
            Rooms = context.Caller.GetRooms(),
            InRoom = context.Caller.IsInRoom("r"),
            Clerk = context.Caller.IsInRole("clerk"),
            payload,
        })));
        var ada = await core.ConnectAsync(["lobby", "r"], "ada", format, "clerk");

        var dialect = format == FrameFormat.RawWebSocket ? "Raw" : "SignalR";
        Assert.Equal(
            "{\"type\":\"order\",\"connection_id\":\"c1\",\"user_id\":\"ada\",\"dialect\":\"" + dialect
            + "\",\"domain\":\"\",\"rooms\":[\"lobby\",\"r\"],\"in_room\":true,\"clerk\":true,\"payload\":{\"item\":[1,\"tea\"]}}",
            await ada.DoAsync("order", """{"item":[1,"tea"]}"""));
    }

    [Theory]
    [InlineData("""{"item":"tea"}""", "400: the payload does not fit order")]
    [InlineData("""{"item":"tea","quantity":"two"}""", "400: the payload does not fit order: see $.quantity")]
    [InlineData("""{"item":null,"quantity":2}""", "400: the payload does not fit order: see $.item")]
    [InlineData("""{"item":"tea","quantity":2,"quantity":3}""", "400: a field appears twice")]
    [InlineData("""{"item":"\ud800","quantity":2}""", "400: a string holds half a surrogate pair")]
    [InlineData("null", "400: order needs a payload")]
    [InlineData("5", "400: the payload does not fit order")]
    public async Task PayloadThatDoesNotFitIsRefusedWithoutNamesOfTheApplication(string payload, string error)
    {
        var called = false;
        using var core = Core(new Handler<Order>((_, _) => { called = true; return CommandResult.Done(); }));
        var ada = await core.ConnectAsync(["lobby"]);

        Assert.Equal(error, await ada.FailAsync("order", payload));
        Assert.False(called);
        Assert.Equal("{}", await ada.DoAsync("order", """{"item":"tea","quantity":2,"unknown":1}"""));
        Assert.True(called);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ExceptionIsA500AndLoggedOnce(bool late)
    {
        using var core = Core(new Handler<JsonElement>(async (_, _) =>
        {
            if (late) await Task.Yield();
            throw new InvalidOperationException("a secret");
        }));
        var ada = await core.ConnectAsync(["lobby"]);

        Assert.Equal("500: internal error", await ada.FailAsync("order", "{}"));

        var (level, text, fault) = Assert.Single(core.Log.Entries);
        Assert.Equal((LogLevel.Error, "Command order of connection c1 failed", "a secret"), (level, text, fault?.Message));
        Assert.True(ada.Connection.Outbox.IsOpen);
    }

    [Fact]
    public async Task BackplaneThatIsAwayIsA503AndNotLogged()
    {
        var backplane = new WatchedBackplane();
        using var core = Core(
            new Handler<JsonElement>(async (context, payload) =>
            {
                await context.PublishJsonAsync(Audience.Room("lobby"), "ordered", payload);
                return CommandResult.Done();
            }), backplane);
        var ada = await core.ConnectAsync(["lobby"]);
        backplane.IsAway = true;

        Assert.Equal("503: the backplane is away, try again later", await ada.FailAsync("order", "{}"));
        Assert.Empty(core.Log.Entries);
    }

    [Fact]
    public async Task HandlerPublishesAsTheServerAndRefusesWithItsOwnError()
    {
        using var core = Core(new Handler<Order>(async (context, order) =>
        {
            if (order.Quantity > 9) return new Error(409, "sold out");
            await context.PublishJsonAsync(Audience.Room("served"), "ordered", order);
            return CommandResult.Json(order.Quantity);
        }));
        var (ada, bob) = (await core.ConnectAsync(["lobby"]), await core.ConnectAsync(["served"], format: FrameFormat.SignalRWebSocket));

        Assert.Equal("409: sold out", await ada.FailAsync("order", """{"item":"tea","quantity":10}"""));
        Assert.Equal("2", await ada.DoAsync("order", """{"item":"tea","quantity":2}"""));
        await bob.HasAsync("ordered", 1);
        Assert.Equal("""{"item":"tea","quantity":2}""", Assert.Single(bob.PayloadsOf("ordered")));
    }

    [Theory]
    [InlineData("Order"), InlineData("ORDER")]
    public async Task TypeInAnotherCaseIsUnknown(string type)
    {
        using var core = Core(new Handler<JsonElement>((_, _) => CommandResult.Done()), relayUnknown: true);
        var ada = await core.ConnectAsync(["lobby"]);

        Assert.Equal($"400: unknown message type: {type}", await ada.FailAsync(type, "{}"));
    }

    [Fact]
    public async Task ConnectionThatIsBeingClosedReachesNoHandler()
    {
        var called = false;
        using var core = Core(new Handler<JsonElement>((_, _) => { called = true; return CommandResult.Done(); }));
        var ada = await core.ConnectAsync(["lobby"]);
        ada.Connection.Close(CloseReason.Kicked);

        Assert.Equal("403: the connection is being closed", await ada.FailAsync("order", "{}"));
        Assert.False(called);
    }

    [Fact]
    public async Task LargeAnswerIsChargedToItsAsker()
    {
        var large = new string('x', 4 * ReplyCost.BytesEach);
        using var core = Core(new Handler<JsonElement>((_, _) => CommandResult.Json(large)), rateLimit: 5);
        var ada = await core.ConnectAsync(["lobby"]);

        Assert.Null(core.Router.Admit(ada.Connection));
        await ada.DoAsync("order", "{}");

        Assert.Equal(429, core.Router.Admit(ada.Connection)?.Code);
    }

    [Fact]
    public async Task MuteIsTheHandlersToCheck()
    {
        using var core = Core(new Handler<JsonElement>((context, _) => context.CheckMute("r") is { } muted ? muted : CommandResult.Done()));
        var ada = await core.ConnectAsync(["r"], "ada");
        await core.Moderator.MuteAsync("ada", "r", TimeSpan.FromMinutes(1), "somebody");

        Assert.Equal("403: muted in room r", await ada.FailAsync("order", "{}"));
    }

    [Fact]
    public async Task CheckPublishAnswersAsForAChat()
    {
        var handler = new Handler<Order>((context, order) => context.CheckPublish(order.Item) is { } error ? error : CommandResult.Done());
        using var core = Core(handler);
        var ada = await core.ConnectAsync(["r", "served"], "ada");

        foreach (var room in new[] { "elsewhere", "served", "a b" })
        {
            var chat = await ada.FailAsync("chat", "{\"content\":\"a\",\"room\":\"" + room + "\"}");
            Assert.Equal(chat, await ada.FailAsync("order", "{\"quantity\":1,\"item\":\"" + room + "\"}"));
        }
        Assert.Equal("{}", await ada.DoAsync("order", """{"quantity":1,"item":"r"}"""));
    }

    [Theory]
    [InlineData("{\"a\":1", "the result of order is not one JSON value: malformed JSON")]
    [InlineData("{} {}", "the result of order is not one JSON value: malformed JSON")]
    public async Task ResultThatIsNotJsonNeverReachesAClient(string result, string log)
    {
        using var core = Core(new Handler<JsonElement>((_, _) => CommandResult.Done(Encoding.UTF8.GetBytes(result))));
        var ada = await core.ConnectAsync(["lobby"]);

        Assert.Equal("500: internal error", await ada.FailAsync("order", "{}"));
        Assert.Equal(log, Assert.Single(core.Log.Entries).Fault?.Message);
    }

    [Fact]
    public async Task EachCallHasAScopeThatEndsWithIt()
    {
        var ended = 0;
        TestServices? scopes = null;
        var handler = new Handler<JsonElement>(async (_, _) =>
        {
            await Task.Yield();
            ended += scopes!.EndedScopes;
            return CommandResult.Done();
        });
        scopes = new TestServices(handler);
        using var core = new TestCore(commands: [new CommandRegistration("order", _ => new ScopedCommandHandler<ICommandHandler>(scopes))]);
        var ada = await core.ConnectAsync(["lobby"]);

        await ada.DoAsync("order", "{}");

        Assert.Equal((0, 1), (ended, scopes.EndedScopes));
    }

    [Fact]
    public void TypesOfClientsAreTheBuiltInCommands() =>
        Assert.Equal(
            MessageType.ClientTypes.Order(StringComparer.Ordinal),
            BuiltInCommands.All.Select(c => c.Type).Order(StringComparer.Ordinal));

    [Fact]
    public void CommandWithTheNameOfADeclaredTypeIsRefused()
    {
        var fault = Assert.Throws<InvalidOperationException>(() => new TestCore(commands: [new("Cursor", _ => null!)]));
        Assert.Equal("two commands are named 'cursor': rename one (case does not matter)", fault.Message);
    }

    private static TestCore Core(ICommandHandler handler, IBackplane? backplane = null, int rateLimit = 0, bool relayUnknown = false)
    {
        var registration = new CommandRegistration("order", _ => new ScopedCommandHandler<ICommandHandler>(new TestServices(handler)));
        return new TestCore(backplane, rateLimit, relayUnknown: relayUnknown, commands: [registration]);
    }

    private sealed record Order(string Item, int Quantity);

    private sealed class Handler<T>(Func<CommandContext, T, ValueTask<CommandResult>> handle) : CommandHandler<T>
    {
        public Handler(Func<CommandContext, T, CommandResult> handle)
            : this((context, payload) => new ValueTask<CommandResult>(handle(context, payload)))
        {
        }

        protected override ValueTask<CommandResult> HandleAsync(CommandContext context, T payload) => handle(context, payload);
    }
}
