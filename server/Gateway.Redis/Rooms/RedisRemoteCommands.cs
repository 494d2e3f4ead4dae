using System.Collections.Concurrent;
using Gateway.Core.Broadcast;
using Gateway.Core.Messages;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;
using Gateway.Redis.Servers;

namespace Gateway.Redis.Rooms;

/// <summary>
/// Sends remote commands, which move a connection of another replica into or out of a room, and executes those of other replicas.
/// </summary>
internal sealed partial class RedisRemoteCommands
{
    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromSeconds(5);

    private readonly SupervisedLoop _executing;
    private readonly RedisServers _servers;
    private readonly RedisKeys _keys;
    private readonly ReplicaId _replica;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisRemoteCommands> _logger;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<Error?>> _pending = [];
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

    /// <inheritdoc cref="IBackplane.InstructAsync"/>
    public async ValueTask<Error?> SendAsync(RemoteCommand command, CancellationToken cancel)
    {
        var number = Interlocked.Increment(ref _lastNumber);
        var reply = _pending[number] = new TaskCompletionSource<Error?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _replies.EnsureSubscribedAsync();
            var frame = BackplaneFrame.WriteInstruction(_replica.Value, number, command.Enter, command.ConnectionId, command.Room);
            var to = Audience.Connection(command.ConnectionId);
            byte[] message = [.. PositionHeader.None, .. frame];
            var receivers = await _servers.For(to).ExecuteAsync(
                database => database.PublishAsync(_keys.Channel(to), message), cancel: cancel);
            if (receivers == 0) return Error.NoSuchConnection;
            return await reply.Task.WaitAsync(ReplyTimeout, _time, cancel);
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

    /// <summary>
    /// Executes another replica's command. It runs beside the messages, not between them, because a join waits for Redis itself.
    /// </summary>
    /// <returns>False if the command cannot be read.</returns>
    public bool OnCommand(ReadOnlyMemory<byte> frame)
    {
        if (!BackplaneFrame.TryReadInstruction(
            frame.Span, out var requester, out var number, out var enter, out var connectionId, out var room))
        {
            return false;
        }
        // bounded by command timeouts
        _executing.Start(() => ExecuteAsync(requester, number, new RemoteCommand(connectionId, room, enter)));
        return true;
    }

    private async Task ExecuteAsync(string requester, int number, RemoteCommand command)
    {
        try
        {
            var error = await _receiver.CarryOutAsync(command);
            var reply = BackplaneFrame.WriteAnswer(number, error);
            await _servers.For(requester).ExecuteAsync(database => database.PublishAsync(_keys.Replica(requester), reply));
        }
        catch (BackplaneException fault)
        {
            Log.NotExecuted(_logger, fault, command.ConnectionId, command.Room);
        }
    }

    private bool OnReply(ReadOnlyMemory<byte> frame)
    {
        if (BackplaneFrame.KindOf(frame.Span) != BackplaneFrame.Kind.ClusterReply) return false;
        if (!BackplaneFrame.TryReadAnswer(frame.Span, out var number, out var error)) return false;
        if (_pending.TryRemove(number, out var reply)) reply.TrySetResult(error);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "A command of another replica for connection {ConnectionId} and room {Room} was not executed, or its reply was not sent")]
        public static partial void NotExecuted(ILogger logger, Exception fault, string connectionId, string room);
    }
}
