using Gateway.AspNetCore.Options;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Gateway.AspNetCore.SignalR;

/// <summary>Configures the framework's options for the gateway's hub.</summary>
internal sealed class GatewayHubOptions(GatewayOptions options) : IConfigureOptions<HubOptions<GatewayHub>>
{
    public void Configure(HubOptions<GatewayHub> hub)
    {
        hub.MaximumReceiveMessageSize = options.Raw.MaxMessageBytes;
        // The framework's timeout starts with the first ping, ours with the connection
        hub.ClientTimeoutInterval = options.SignalR.ClientTimeout;
        hub.EnableDetailedErrors = false;
        // As with raw clients, the next invocation waits until the current one has completed.
        hub.MaximumParallelInvocationsPerClient = 1;
    }
}
