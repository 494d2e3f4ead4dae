using Gateway.Core.Commands;
using Gateway.Core.Messages;

public sealed record PlaceOrder(string Item, int Quantity = 1);

public sealed class PlaceOrderHandler(IStock stock) : CommandHandler<PlaceOrder>
{
    protected override async ValueTask<CommandResult> HandleAsync(CommandContext context, PlaceOrder order)
    {
        if (!context.Caller.IsInRole("customer")) return Error.Forbidden("only customers place orders");
        if (await stock.TryTakeAsync(order.Item, order.Quantity) is not { } number) return new Error(409, "sold out");
        await context.PublishJsonAsync(Audience.Room("orders"), "order_placed", new { number, order.Item });
        return CommandResult.Json(new { number });
    }
}

