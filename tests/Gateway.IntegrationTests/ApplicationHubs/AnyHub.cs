using Microsoft.AspNetCore.SignalR;

namespace Gateway.IntegrationTests.ApplicationHubs;

/// <summary>The spec is about what is below a hub.</summary>
public sealed class AnyHub : Hub
{
    /// <summary>Under this key the connection has what is completed when it is known.</summary>
    public static readonly object Connected = new();

    public override Task OnConnectedAsync()
    {
        ((TaskCompletionSource)Context.Items[Connected]!).SetResult();
        return Task.CompletedTask;
    }
}
