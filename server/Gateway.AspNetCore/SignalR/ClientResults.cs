using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Wire;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// Invokes methods on clients of this replica and awaits their results, for this replica (<c>Clients.Client(id).InvokeAsync&lt;T&gt;</c>)
/// and for others. The replica of the connection assigns the invocation id, so a client never sees one twice.
/// </summary>
internal sealed class ClientResults(ConnectionTable connections, FanOut fanOut, HubPayloads payloads, InvocationIds ids) : IClientInvoker
{
    /// <summary>410: the connection ended before the client returned a result.</summary>
    private const int Gone = 410;

    private readonly ConcurrentDictionary<string, Pending> _pending = new(StringComparer.Ordinal);

    /// <exception cref="IOException">The connection ended before the client returned a result.</exception>
    /// <exception cref="HubException">The client returned an error, or the call was cancelled.</exception>
    public async Task<T> InvokeAsync<T>(Connection connection, Message call, CancellationToken cancel) =>
        (T)(await InvokeAsync(connection, call, typeof(T), cancel))!;

    /// <summary>The exception for the error that another replica has sent instead of a result.</summary>
    public static Exception ExceptionOf(string connectionId, Error error) =>
        error == Error.NoSuchConnection ? NotFound(connectionId)
        : error.Code == Gone ? new HubException("Connection disconnected.") // as SignalR with a backplane says it
        : new HubException(error.Text);

    /// <summary>The exception for a connection that no replica has.</summary>
    public static IOException NotFound(string connectionId) => new($"Connection '{connectionId}' does not exist.");

    /// <summary>The exception for a call that the server has cancelled.</summary>
    public static HubException Cancelled() => new("Invocation canceled by the server.");

    async ValueTask<RemoteResult> IClientInvoker.InvokeAsync(Connection connection, RemoteCommand command)
    {
        var call = new Message(command.Name, command.Arguments) { IsArgumentList = command.IsArgumentList };
        try
        {
            var result = await InvokeAsync(connection, call, typeof(RawResult), CancellationToken.None);
            return new RemoteResult(null, result is RawResult raw ? raw.RawSerializedData.ToArray() : payloads.Result(result));
        }
        catch (HubException refused)
        {
            return Error.BadRequest(refused.Message);
        }
        catch (IOException)
        {
            return new Error(Gone, "the connection ended");
        }
    }

    public bool TryGetReturnType(string invocationId, [NotNullWhen(true)] out Type? type)
    {
        type = _pending.TryGetValue(invocationId, out var pending) ? pending.ResultType : null;
        return type != null;
    }

    /// <summary>Completes a call with the result of a client. Ignores the result of a call that is over.</summary>
    /// <exception cref="InvalidOperationException">The call is one to another connection.</exception>
    public void Complete(string connectionId, CompletionMessage result)
    {
        if (result.InvocationId is not { } id || !_pending.TryGetValue(id, out var pending)) return;
        if (pending.ConnectionId != connectionId)
            throw new InvalidOperationException($"Connection ID '{connectionId}' is not valid for invocation ID '{id}'.");
        if (result.HasResult) pending.Answer.TrySetResult(result.Result);
        else pending.Answer.TrySetException(new HubException(result.Error));
    }

    /// <summary>Fails the pending calls of a connection that has ended. Call it after the connection has left the table.</summary>
    public void Abandon(string connectionId)
    {
        foreach (var pending in _pending.Values)
            if (pending.ConnectionId == connectionId)
                pending.Answer.TrySetException(Disconnected(connectionId));
    }

    private async Task<object?> InvokeAsync(Connection connection, Message call, Type resultType, CancellationToken cancel)
    {
        var id = ids.Next();
        var pending = new Pending(connection.Id, resultType);
        _pending[id] = pending;
        try
        {
            if (!connection.ReturnsResults) throw NotFound(connection.Id);
            await fanOut.WhenPosted(connection); // the call follows what was sent before it
            // Check again now that the call is registered: a connection that ends after this check also ends the call.
            var frame = new FrameBatch(InvocationWriter.Write(call, id, connection.Outbox.Format));
            if (connections.Find(connection.Id) != connection || connection.Outbox.Post(frame) == 0) throw Disconnected(connection.Id);
            return await pending.Answer.Task.WaitAsync(cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            throw Cancelled();
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    private static IOException Disconnected(string connectionId) => new($"Connection '{connectionId}' disconnected.");

    private sealed record Pending(string ConnectionId, Type ResultType)
    {
        public TaskCompletionSource<object?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
