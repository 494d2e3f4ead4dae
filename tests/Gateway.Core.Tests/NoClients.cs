using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Tests;

/// <summary>For a core without a hub: no client has methods to invoke.</summary>
internal sealed class NoClients : IClientInvoker
{
    public ValueTask<RemoteResult> InvokeAsync(Connection connection, RemoteCommand command) => new(Error.NoSuchConnection);
}
