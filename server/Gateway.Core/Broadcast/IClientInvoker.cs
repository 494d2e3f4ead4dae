using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Broadcast;

/// <summary>Invokes methods on clients of this replica for other replicas.</summary>
internal interface IClientInvoker
{
    /// <summary>Invokes a method on the client and waits for its result.</summary>
    ValueTask<RemoteResult> InvokeAsync(Connection connection, RemoteCommand command);
}
