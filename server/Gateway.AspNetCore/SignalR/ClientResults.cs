using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Gateway.Core.Connections;
using Gateway.Core.Wire;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.AspNetCore.SignalR;

/// <summary>Server code that asks a SignalR client of this replica for a result (<c>Clients.Client(id).InvokeAsync&lt;T&gt;</c>).</summary>
internal sealed class ClientResults(ConnectionTable connections, HubPayloads payloads, InvocationIds ids)
{
    private readonly ConcurrentDictionary<string, Pending> _pending = new(StringComparer.Ordinal);

    /// <exception cref="IOException">The connection is not here, or ended before it answered.</exception>
    /// <exception cref="HubException">The client answered with an error.</exception>
    public async Task<T> InvokeAsync<T>(string connectionId, string methodName, object?[] args, CancellationToken cancel)
    {
        if (connections.Find(connectionId) is not { Dialect: Dialect.SignalR } connection) throw Nowhere(connectionId);
        var id = ids.Next();
        var pending = new Pending(connectionId, typeof(T));
        _pending[id] = pending;
        try
        {
            // Look again, now that the call is registered: either the connection is gone already, or its departure will find the call.
            var call = new FrameBatch(InvocationWriter.Write(payloads.Message(methodName, args), id, connection.Outbox.Format));
            if (connections.Find(connectionId) != connection || connection.Outbox.Post(call) == 0) throw Nowhere(connectionId);
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

    /// <summary>A client answered. One that answers for another connection is not listened to.</summary>
    public void Complete(string connectionId, CompletionMessage result)
    {
        if (result.InvocationId is not { } id || !_pending.TryGetValue(id, out var pending) || pending.ConnectionId != connectionId) return;
        if (result.Error != null) pending.Answer.TrySetException(new HubException(result.Error));
        else pending.Answer.TrySetResult(result.Result);
    }

    /// <summary>The connection ended: whoever waits for it waits no longer. To be called when it is not in the table any more.</summary>
    public void Abandon(string connectionId)
    {
        foreach (var pending in _pending.Values)
            if (pending.ConnectionId == connectionId)
                pending.Answer.TrySetException(new IOException("The connection ended before it answered."));
    }

    private static IOException Nowhere(string connectionId) =>
        new($"Connection '{connectionId}' does not exist on this replica, or is not a SignalR connection.");

    private sealed record Pending(string ConnectionId, Type ResultType)
    {
        public TaskCompletionSource<object?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
