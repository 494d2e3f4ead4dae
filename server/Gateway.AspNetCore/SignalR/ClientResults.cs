using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Gateway.Core.Connections;
using Gateway.Core.Wire;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// Invokes methods on SignalR clients of this replica and awaits their results (<c>Clients.Client(id).InvokeAsync&lt;T&gt;</c>).
/// </summary>
internal sealed class ClientResults(ConnectionTable connections, HubPayloads payloads, InvocationIds ids)
{
    private readonly ConcurrentDictionary<string, Pending> _pending = new(StringComparer.Ordinal);

    /// <exception cref="IOException">The connection is not on this replica, or ended before the client returned a result.</exception>
    /// <exception cref="HubException">The client returned an error.</exception>
    public async Task<T> InvokeAsync<T>(string connectionId, string methodName, object?[] args, CancellationToken cancel)
    {
        if (connections.Find(connectionId) is not { Dialect: Dialect.SignalR } connection) throw NotFound(connectionId);
        var id = ids.Next();
        var pending = new Pending(connectionId, typeof(T));
        _pending[id] = pending;
        try
        {
            // Check again now that the call is registered: a connection that ends after this check also ends the call.
            var call = new FrameBatch(InvocationWriter.Write(payloads.Message(methodName, args), id, connection.Outbox.Format));
            if (connections.Find(connectionId) != connection || connection.Outbox.Post(call) == 0) throw NotFound(connectionId);
            return (T)(await pending.Answer.Task.WaitAsync(cancel))!;
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    public bool TryGetReturnType(string invocationId, [NotNullWhen(true)] out Type? type)
    {
        type = _pending.TryGetValue(invocationId, out var pending) ? pending.ResultType : null;
        return type != null;
    }

    /// <summary>Completes a call with the result of a client. Ignores a result from another connection.</summary>
    public void Complete(string connectionId, CompletionMessage result)
    {
        if (result.InvocationId is not { } id || !_pending.TryGetValue(id, out var pending) || pending.ConnectionId != connectionId) return;
        if (result.Error != null) pending.Answer.TrySetException(new HubException(result.Error));
        else pending.Answer.TrySetResult(result.Result);
    }

    /// <summary>Fails the pending calls of a connection that has ended. Call it after the connection has left the table.</summary>
    public void Abandon(string connectionId)
    {
        foreach (var pending in _pending.Values)
            if (pending.ConnectionId == connectionId)
                pending.Answer.TrySetException(new IOException("The connection ended before the client returned a result."));
    }

    private static IOException NotFound(string connectionId) =>
        new($"Connection '{connectionId}' does not exist on this replica, or is not a SignalR connection.");

    private sealed record Pending(string ConnectionId, Type ResultType)
    {
        public TaskCompletionSource<object?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
