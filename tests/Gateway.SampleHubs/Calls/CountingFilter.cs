using Microsoft.AspNetCore.SignalR;

namespace Gateway.SampleHubs.Calls;

/// <summary>A filter of all hubs: it notes every call, coming and going.</summary>
public sealed class CountingFilter(Journal journal) : IHubFilter
{
    public async ValueTask<object?> InvokeMethodAsync(
        HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        var (hub, arguments) = (invocationContext.Hub.GetType().Name, invocationContext.HubMethodArguments.Count);
        journal.Note($"{hub}.{invocationContext.HubMethodName}/{arguments}");
        return await next(invocationContext);
    }

    public Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        journal.Note($"{context.Hub.GetType().Name} connected {context.Context.UserIdentifier}");
        return next(context);
    }

    public Task OnDisconnectedAsync(HubLifetimeContext context, Exception? exception, Func<HubLifetimeContext, Exception?, Task> next)
    {
        journal.Note($"{context.Hub.GetType().Name} disconnected {context.Context.UserIdentifier}");
        return next(context, exception);
    }
}
