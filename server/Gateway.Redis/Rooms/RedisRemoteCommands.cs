using System.Collections.Concurrent;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Rooms;

/// <summary>
/// Sends remote commands, which act on a connection of another replica, and executes those of other replicas.
/// </summary>
internal sealed partial class RedisRemoteCommands
{
    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// When to ask whether the connection is still there: it may end just then, and its replica does not hear the command although Redis
    /// has counted it.
    /// </summary>
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(250);

    private readonly SupervisedLoop _executing;
    private readonly RedisServers _servers;
    private readonly RedisKeys _keys;
    private readonly ReplicaId _replica;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisRemoteCommands> _logger;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<RemoteResult>> _pending = [];
    private readonly LazySubscription _replies;
    private IBackplaneReceiver _receiver = null!;
    private int _lastNumber;

    public RedisRemoteCommands(
        RedisServers servers, RedisKeys keys, ReplicaId replica, Supervisor supervisor, TimeProvider time,
        ILogger<RedisRemoteCommands> logger)
    {
        _executing = supervisor.Loop("instruction");
        (_servers, _keys, _replica, _time, _logger) = (servers, keys, replica, time, logger);
        _replies = new LazySubscription(servers.For(replica.Value).Channels, keys.Replica(replica.Value), OnReply);
    }

    public void Start(IBackplaneReceiver receiver) => _receiver = receiver;

    /// <inheritdoc cref="IBackplane.SendCommandAsync"/>
    public async ValueTask<RemoteResult> SendAsync(RemoteCommand command, CancellationToken cancel)
    {
        var number = Interlocked.Increment(ref _lastNumber);
        var reply = _pending[number] = new TaskCompletionSource<RemoteResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _replies.EnsureSubscribedAsync();
            var to = Audience.Connection(command.ConnectionId);
            byte[] message = [.. PositionHeader.None, .. BackplaneFrame.WriteCommand(_replica.Value, number, command)];
            var receivers = await _servers.For(to).ExecuteAsync(
                database => database.PublishAsync(_keys.Channel(to), message), cancel: cancel);
            if (receivers == 0) return Error.NoSuchConnection;
            return command.Action == RemoteAction.Invoke
                ? await WaitForClientAsync(to, reply.Task, cancel)
                : await WaitForReplicaAsync(to, reply.Task, cancel);
        }
        catch (TimeoutException fault)
        {
            throw RedisConnection.ToBackplaneException(fault);
        }
        finally
        {
            _pending.TryRemove(number, out _);
        }
    }

    private async ValueTask<RemoteResult> WaitForReplicaAsync(Audience connection, Task<RemoteResult> reply, CancellationToken cancel)
    {
        try
        {
            return await reply.WaitAsync(FirstLook, _time, cancel);
        }
        catch (TimeoutException)
        {
            if (!await HasSubscribersAsync(connection, cancel)) return reply.IsCompleted ? await reply : Error.NoSuchConnection;
            return await reply.WaitAsync(ReplyTimeout - FirstLook, _time, cancel);
        }
    }

    /// <summary>
    /// Waits as long as the client needs. A replica that dies cannot say that its connections have ended, so this asks now and then whether
    /// one still has the connection.
    /// </summary>
    private async ValueTask<RemoteResult> WaitForClientAsync(Audience connection, Task<RemoteResult> reply, CancellationToken cancel)
    {
        for (var patience = FirstLook; ; patience = ReplyTimeout)
        {
            try
            {
                return await reply.WaitAsync(patience, _time, cancel);
            }
            catch (TimeoutException)
            {
                if (!await HasSubscribersAsync(connection, cancel)) return reply.IsCompleted ? await reply : Error.NoSuchConnection;
            }
        }
    }

    /// <summary>Returns whether any replica subscribes to the audience.</summary>
    public async ValueTask<bool> HasSubscribersAsync(Audience audience, CancellationToken cancel = default)
    {
        var counts = (StackExchange.Redis.RedisResult[])(await _servers.For(audience).ExecuteAsync(
            database => database.ExecuteAsync("PUBSUB", "NUMSUB", _keys.Channel(audience)), cancel: cancel))!;
        return (long)counts[1] > 0;
    }

    /// <summary>
    /// Executes another replica's command. It runs beside the messages, not between them, because a join waits for Redis itself.
    /// </summary>
    /// <returns>False if the command cannot be read.</returns>
    public bool OnCommand(ReadOnlyMemory<byte> frame)
    {
        if (!BackplaneFrame.TryReadCommand(frame, out var requester, out var number, out var command)) return false;
        // bounded by command timeouts, or by the client's connection
        _executing.Start(() => ExecuteAsync(requester, number, command));
        return true;
    }

    private async Task ExecuteAsync(string requester, int number, RemoteCommand command)
    {
        try
        {
            var result = await _receiver.ExecuteAsync(command);
            var reply = BackplaneFrame.WriteReply(number, result);
            await _servers.For(requester).ExecuteAsync(database => database.PublishAsync(_keys.Replica(requester), reply));
        }
        catch (BackplaneException fault)
        {
            Log.NotExecuted(_logger, fault, command.Action, command.Name, command.ConnectionId);
        }
    }

    private bool OnReply(ReadOnlyMemory<byte> frame)
    {
        if (BackplaneFrame.KindOf(frame.Span) != BackplaneFrame.Kind.ClusterReply) return false;
        if (!BackplaneFrame.TryReadReply(frame, out var number, out var result)) return false;
        if (_pending.TryRemove(number, out var reply)) reply.TrySetResult(result);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "A command of another replica ({Action} {Name}) for connection {ConnectionId} was not executed, or its reply was not sent")]
        public static partial void NotExecuted(ILogger logger, Exception fault, RemoteAction action, string name, string connectionId);
    }
}
