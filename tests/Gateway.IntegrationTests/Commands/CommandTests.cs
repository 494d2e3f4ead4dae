using System.Text.Json;
using Gateway.AspNetCore.Options;
using Gateway.Core.Commands;
using Gateway.Core.Hosting;
using Gateway.IntegrationTests.Moderation;
using Gateway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gateway.IntegrationTests.Commands;

/// <summary>Commands that an application adds: the same for every dialect, transport and domain.</summary>
public sealed class CommandTests
{
    private static readonly object OneTea = new { item = "tea" };

    [Theory]
    [InlineData(Kind.Raw, "")]
    [InlineData(Kind.SignalR, "")]
    [InlineData(Kind.Raw, "/test")]
    [InlineData(Kind.SignalR, "/test")]
    public async Task ClientsOfEveryDialectAndDomainPlaceAnOrder(Kind kind, string domain)
    {
        await using var gateway = await StartAsync();
        await using var shop = await RawClient.ConnectAsync(gateway.Server, domain + "?rooms=orders");
        await using var elsewhere = await RawClient.ConnectAsync(gateway.Server, (domain.Length == 0 ? "/test" : "") + "?rooms=orders");
        await using var ada = await Clients.ConnectAsync(kind, gateway.Server, domain + "?rooms=&user=ada&role=customer");

        var result = await ada.RequestAsync("place_order", new { item = "tea", quantity = 2 });

        Assert.Equal("""{"number":1}""", result.GetRawText());
        Assert.Equal("""{"number":1,"item":"tea"}""", (await shop.NextAsync("order_placed")).Json.GetRawText());
        await elsewhere.RequestAsync("ping", null);
        Assert.DoesNotContain(elsewhere.All, message => message.Type == "order_placed");
    }

    [Theory]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.ServerSentEvents)]
    [InlineData(HubTransport.LongPolling)]
    public async Task SignalRClientsPlaceAnOrderOverEveryTransport(HubTransport transport)
    {
        await using var gateway = await StartAsync();
        await using var ada = await HandMadeHubClient.ConnectAsync(gateway.Server, transport, "?rooms=orders&user=ada&role=customer");

        var answer = await ada.RequestAsync("Send", "place_order", OneTea);

        Assert.Equal("""{"number":1}""", answer.GetProperty("result").GetRawText());
        var placed = await ada.NextAsync(record => HandMadeHubClient.IsCall(record, "order_placed"), "the order");
        Assert.Equal("tea", HandMadeHubClient.Argument(placed).GetProperty("item").GetString());
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RefusalsAreErrorsWithTheirCode(Kind kind)
    {
        await using var gateway = await StartAsync();
        await using var eve = await Clients.ConnectAsync(kind, gateway.Server, "?rooms=&user=eve");
        await using var ada = await Clients.ConnectAsync(kind, gateway.Server, "?rooms=&user=ada&role=customer");

        Assert.Equal("403: only customers place orders", await FailAsync(eve, "place_order", OneTea));
        Assert.Equal("409: sold out", await FailAsync(ada, "place_order", new { item = "tea", quantity = 100 }));
        Assert.Equal(
            "400: the payload does not fit place_order: see $.quantity",
            await FailAsync(ada, "place_order", new { item = "tea", quantity = "a" }));
        Assert.Equal("400: unknown message type: Place_Order", await FailAsync(ada, "Place_Order", OneTea));
        Assert.Equal("500: internal error", await FailAsync(ada, "place_order", new { item = "poison" }));
        Assert.Equal("1", (await ada.RequestAsync("place_order", OneTea)).GetProperty("number").GetRawText());
    }

    [Theory]
    [InlineData(Kind.Raw)]
    [InlineData(Kind.SignalR)]
    public async Task RateLimitHolds(Kind kind)
    {
        await using var gateway = await StartAsync(options => options.RateLimit.Messages = 2);
        await using var ada = await Clients.ConnectAsync(kind, gateway.Server, "?rooms=&user=ada&role=customer");

        await ada.RequestAsync("place_order", OneTea);
        await ada.RequestAsync("place_order", OneTea);

        Assert.StartsWith("429: too many messages", await FailAsync(ada, "place_order", OneTea), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RawClientWithoutAnIdGetsAReplyOnlyIfTheHandlerNamesItsType()
    {
        await using var gateway = await StartAsync();
        await using var ada = await RawClient.ConnectAsync(gateway.Server, "?rooms=&user=ada&role=customer");

        await ada.SendAsync("place_order", OneTea);
        await ada.SendAsync("stock", null);

        Assert.Equal("""{"left":9}""", (await ada.NextAsync("stock_level")).Json.GetRawText());
        Assert.Equal(["welcome", "stock_level"], ada.All.Select(message => message.Type));
    }

    [Fact]
    public async Task HandlerComesFromAScopeOfItsOwnForEachCall()
    {
        await using var gateway = await StartAsync();
        await using var ada = await RawClient.ConnectAsync(gateway.Server, "?rooms=");

        for (var calls = 1; calls <= 3; calls++)
            Assert.Equal($$"""{"opened":{{calls}},"closed":{{calls - 1}}}""", (await ada.RequestAsync("scope", null)).GetRawText());
    }

    [Fact]
    public async Task HandlerThatWaitsHoldsUpNobodyElse()
    {
        await using var gateway = await StartAsync();
        await using var ada = await RawClient.ConnectAsync(gateway.Server, "?rooms=");
        await using var bob = await SignalRClient.ConnectAsync(gateway.Server, "?rooms=");
        var waiting = ada.RequestAsync("wait", null);

        await bob.RequestAsync("ping", null);
        Assert.False(waiting.IsCompleted);
        gateway.Get<Stock>().Release.SetResult();

        Assert.Equal("{}", (await waiting).GetRawText());
    }

    [Theory]
    [InlineData("chat", "'chat' cannot name a command: chat is the gateway's own type.")]
    [InlineData("Welcome", "'Welcome' cannot name a command: welcome is the gateway's own type.")]
    [InlineData("place order", "'place order' cannot name a command: type may only contain A-Z a-z 0-9 _ . : / -.")]
    [InlineData("", "'' cannot name a command: type must not be empty.")]
    [InlineData("Place_Order", "'Place_Order' cannot name a command: it has a handler already (case does not matter).")]
    public async Task TypeThatCannotBeACommandStopsTheStart(string type, string error)
    {
        var fault = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(add: builder => builder.AddCommand<StockHandler>(type)));
        Assert.StartsWith(error, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TypeThatTheConfigurationDeclaresStopsTheStart()
    {
        var fault = await Assert.ThrowsAsync<OptionsValidationException>(
            () => StartAsync(options => options.Messages.Custom["Place_Order"] = new CustomMessageOptions()));
        Assert.Equal(
            "messages.custom.Place_Order is not allowed: the application adds a command of this type; rename one of them",
            Assert.Single(fault.Failures));
    }

    private static async Task<string> FailAsync(IChatClient client, string type, object payload) =>
        (await Assert.ThrowsAsync<GatewayError>(() => client.RequestAsync(type, payload))).Message;

    private static Task<EmbeddedGateway> StartAsync(
        Action<Gateway.Configuration.ProgramOptions>? set = null, Action<IGatewayBuilder>? add = null) =>
        EmbeddedGateway.StartAsync(
            options =>
            {
                options.Hubs["test"] = new NamedHubOptions();
                set?.Invoke(options);
            },
            services =>
            {
                UsersWithRoles.Add(services);
                services.AddSingleton<Stock>().AddSingleton<IStock>(p => p.GetRequiredService<Stock>()).AddScoped<CountedScope>();
            },
            add: builder =>
            {
                builder.AddCommand<PlaceOrderHandler>("place_order").AddCommand<StockHandler>("stock").AddCommand<ScopeHandler>("scope");
                builder.AddCommand<WaitingHandler>("wait");
                add?.Invoke(builder);
            });

    private sealed class Stock : IStock
    {
        private int _orders;

        public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public int Left { get; private set; } = 10;
        public int Opened { get; set; }
        public int Closed { get; set; }

        public async Task<int?> TryTakeAsync(string item, int quantity)
        {
            await Task.Yield();
            if (item == "poison") throw new InvalidOperationException("a secret");
            if (quantity > Left) return null;
            Left -= quantity;
            return ++_orders;
        }
    }

    private sealed class CountedScope : IDisposable
    {
        public CountedScope(Stock stock)
        {
            Stock = stock;
            stock.Opened++;
        }

        public Stock Stock { get; }

        public void Dispose() => Stock.Closed++;
    }

    private sealed class StockHandler(Stock stock) : ICommandHandler
    {
        public ValueTask<CommandResult> HandleAsync(CommandContext context, ReadOnlySpan<byte> payload) =>
            CommandResult.Json(new { stock.Left }, replyType: "stock_level");
    }

    private sealed class ScopeHandler(CountedScope scope) : CommandHandler<JsonElement>
    {
        protected override ValueTask<CommandResult> HandleAsync(CommandContext context, JsonElement payload) =>
            CommandResult.Json(new { scope.Stock.Opened, scope.Stock.Closed });
    }

    private sealed class WaitingHandler(Stock stock) : CommandHandler<JsonElement>
    {
        protected override async ValueTask<CommandResult> HandleAsync(CommandContext context, JsonElement payload)
        {
            await stock.Release.Task;
            return CommandResult.Done();
        }
    }
}
