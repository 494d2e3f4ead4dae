using Microsoft.AspNetCore.SignalR;

namespace Gateway.SampleHubs.Calls;

/// <summary>A filter of one hub: it changes arguments and results, and refuses calls.</summary>
public sealed class ChangingFilter : IHubFilter
{
    public async ValueTask<object?> InvokeMethodAsync(
        HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        switch (invocationContext.HubMethodName)
        {
            case nameof(CallHub.Secret):
                throw new HubException("the filter refuses");
            case nameof(CallHub.Shout):
                var louder = new HubInvocationContext(
                    invocationContext.Context, invocationContext.ServiceProvider, invocationContext.Hub, invocationContext.HubMethod,
                    [((string)invocationContext.HubMethodArguments[0]!).ToUpperInvariant()]);
                return await next(louder) + "!";
            default:
                return await next(invocationContext);
        }
    }
}
