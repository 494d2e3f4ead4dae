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
        hub.ClientTimeoutInterval = options.SignalR.ClientTimeout; // the framework's, from the first ping on; ours runs from the start
        hub.EnableDetailedErrors = false;
        // As with raw clients: while a call is carried out, what comes after it waits with the client
        hub.MaximumParallelInvocationsPerClient = 1;
    }
}
