using System.Net.Sockets;
using Gateway.Core.Limits;
using Gateway.Core.Messages;
using Gateway.Core.Wire;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Connections;

/// <summary>A client's connection, of any dialect.</summary>
public sealed partial class Connection : IOutboxOwner
{
    private static readonly TimeSpan DropLogInterval = TimeSpan.FromSeconds(1);

    private readonly ConnectionEvents _events;
    private readonly TimeProvider _time;

    /// <summary>The messages that the client sent recently, for the rate limit.</summary>
    internal SlidingWindow MessageWindow;

    /// <summary>The messages that were rejected by the rate limit recently, for the flood limit.</summary>
    internal SlidingWindow RejectedWindow;

    private long _messageStartedAt;
    private ConnectionEnd? _end;
    private int _dropsToLog;
    private long _dropsLoggedAt;

    internal Connection(string id, UserIdentity user, Dialect dialect, Outbox outbox, ConnectionEvents events, TimeProvider time)
    {
        Id = id;
        User = user;
        Dialect = dialect;
        Outbox = outbox;
        _events = events;
        _time = time;
        ConnectedAt = time.GetUtcNow();
        outbox.Attach(this);
    }

    /// <summary>The connection's id, unique in the cluster.</summary>
    public string Id { get; }

    /// <summary>The user.</summary>
    public UserIdentity User { get; private set; }

    /// <summary>The dialect that the client speaks.</summary>
    public Dialect Dialect { get; }

    internal Outbox Outbox { get; }

    /// <summary>Where messages are posted: the outbox, or that of the handler; <c>null</c> if the handler wants none.</summary>
    internal Outbox? MessageOutbox => Dialect == Dialect.Frames ? HandlerOutbox : Outbox;

    /// <summary>The outbox that ends in the connection's handler: messages of rooms, as raw envelopes.</summary>
    internal Outbox? HandlerOutbox { get; set; }

    /// <summary>When the connection was opened.</summary>
    public DateTimeOffset ConnectedAt { get; }

    /// <summary>The client's address, if known.</summary>
    public string? RemoteAddress { get; init; }

    /// <summary>When the token expires; <c>null</c> for a connection without a token.</summary>
    internal TokenExpiry? Token { get; set; }

    /// <summary>How long a SignalR client may be silent; <c>null</c> if the transport checks it.</summary>
    internal TimeSpan? SilenceLimit { get; init; }

    /// <summary>The status that the user set.</summary>
    public UserStatus Status { get; private set; } = UserStatus.Online;

    /// <summary>Whether the client returns results of methods that the server invokes on it.</summary>
    internal bool ReturnsResults { get; init; }

    /// <summary>The index of the fan-out worker that posts to this connection.</summary>
    internal int Shard { get; init; }

    /// <summary>Called once, when the gateway begins to close the connection. Set by <c>ConnectionLifecycle</c>.</summary>
    internal Action<Connection>? Closing { get; set; }

    /// <summary>Completes when the connection has left its rooms, after the gateway has begun to close it.</summary>
    internal Task LeaveTask { get; set; } = Task.CompletedTask;

    /// <summary>The rooms that the connection is in. Thread-safe.</summary>
    internal ConnectionRooms Rooms { get; } = new();

    /// <summary>The last call of each observer for this connection; <c>null</c> if there is none.</summary>
    internal Task[]? ObserverCalls { get; set; }

    /// <summary>How many of its addresses (user, then connection) are subscribed to on the backplane.</summary>
    internal int SubscribedAddresses { get; set; }

    /// <summary>Whether reading is paused, pongs included, because the handler is behind.</summary>
    internal bool IsReadingPaused { get; set; }

    /// <summary>When the sweep closed the connection as silent, as a timestamp of the time provider; 0 if it has not.</summary>
    internal long TimedOutAt { get; set; }

    /// <summary>How the connection ended; <c>null</c> if it is open or the cause is not known yet.</summary>
    internal ConnectionEnd? End => _end;

    /// <summary>When the sweep last pinged it, as a timestamp of the time provider.</summary>
    internal long PingedAt { get; set; }

    /// <summary>Starts the deadline for the rest of a message, when its first part has been received.</summary>
    internal void OnMessageStarted()
    {
        if (_messageStartedAt == 0) Volatile.Write(ref _messageStartedAt, _time.GetTimestamp());
    }

    /// <summary>Ends the deadline: the message is complete.</summary>
    internal void OnMessageCompleted()
    {
        Volatile.Write(ref _messageStartedAt, 0);
        Outbox.OnFrameCompleted();
    }

    /// <summary>Returns whether a message, or a frame of one, has been incomplete for longer than the limit.</summary>
    internal bool IsMessageOverdue(TimeSpan limit) =>
        Outbox.HasPassed(_time, Volatile.Read(ref _messageStartedAt), limit) || Outbox.IsFrameOverdue(limit);

    /// <summary>Posts a frame that is never dropped. If it does not fit, the connection is closed as a slow consumer.</summary>
    internal void Reply(ReadOnlyMemory<byte> frame) => Outbox.Post(new FrameBatch(frame));

    /// <summary>Sets the user's status.</summary>
    /// <param name="hiddenIn">Rooms that do not see the status.</param>
    internal void SetStatus(string status, IReadOnlySet<string>? hiddenIn = null)
    {
        var said = new UserStatus(status, _time.GetUtcNow());
        Status = hiddenIn == null ? said : said with { HiddenIn = hiddenIn };
    }

    /// <summary>Takes over the roles and the expiry of a newer token. Returns <c>false</c> if the token is another user's.</summary>
    internal bool TryRefresh(UserIdentity user, TokenExpiry expiry)
    {
        if (user.Id != User.Id) return false;
        User = User with { Roles = user.Roles }; // the name stays, because others have seen it
        Token = expiry;
        return true;
    }

    /// <summary>Warns the client before its token expires, and closes the connection when it has.</summary>
    internal void CheckToken()
    {
        if (Token is not { } token) return;
        var now = _time.GetUtcNow();
        if (token.IsOver(now))
        {
            if (ReferenceEquals(Token, token)) Close(CloseReason.TokenExpired);
        }
        else if (token.IsDueForWarning(now))
        {
            token.Warned = true;
            var notice = new Message("system", TokenPayloads.Expiring(token.ExpiresAt));
            Reply(MessageWriter.Write(notice, notice.Payload, Outbox.Format));
        }
    }

    /// <summary>Frees the memory of empty rate limit windows.</summary>
    internal void ReleaseIdleLimits()
    {
        MessageWindow.ReleaseIfIdle(_time);
        RejectedWindow.ReleaseIfIdle(_time);
    }

    /// <summary>Closes the connection, after the messages that are waiting.</summary>
    internal void Close(CloseReason reason) => Outbox.Close(reason);

    /// <summary>Records how the connection ends. The first call wins.</summary>
    /// <returns><c>false</c> if it was already recorded.</returns>
    internal bool TrySetEnd(ConnectionEnd end) => Interlocked.CompareExchange(ref _end, end, null) == null;

    /// <summary>Counts the end of the connection. Called once.</summary>
    internal void CountEnded() => _events.CountEnded(this);

    /// <summary>Aborts the connection, because a write takes too long. The client would not read a close frame.</summary>
    internal void AbortOverdue()
    {
        if (Outbox.IsOpen && TrySetEnd(new ConnectionEnd(DisconnectReason.WriteDeadline))) _events.CountWriteDeadline(this);
        Outbox.Abort();
    }

    void IOutboxOwner.OnDropped(SlowConsumerPolicy? policy, int messages)
    {
        _events.CountDropped(policy, messages);
        if (policy is null or SlowConsumerPolicy.Latest) return; // dropping is the purpose of that policy
        Interlocked.Add(ref _dropsToLog, messages);
        var last = Volatile.Read(ref _dropsLoggedAt);
        if (last != 0 && _time.GetElapsedTime(last) < DropLogInterval) return;
        if (Interlocked.CompareExchange(ref _dropsLoggedAt, _time.GetTimestamp(), last) != last) return;
        Log.Dropped(_events.Logger, Id, Interlocked.Exchange(ref _dropsToLog, 0), policy.Value);
    }

    void IOutboxOwner.OnClosing(CloseReason reason)
    {
        TrySetEnd(new ConnectionEnd(DisconnectReasons.Of(reason)));
        _events.CountClosed(reason);
        if (reason == CloseReason.SlowConsumer) Log.SlowConsumer(_events.Logger, Id, User.Id);
        else Log.Closing(_events.Logger, Id, reason.Code, reason.Text);
        Closing?.Invoke(this);
    }

    void IOutboxOwner.OnWriteFailed(Exception fault)
    {
        if (IsTimeout(fault)) RecordFault(fault); // otherwise the reading side knows the cause better
        Log.Broken(_events.Logger, Id);
    }

    /// <summary>Records that reading or writing failed.</summary>
    internal void RecordFault(Exception fault)
    {
        if (!IsTimeout(fault)) TrySetEnd(ConnectionEnd.Aborted);
        else if (TrySetEnd(new ConnectionEnd(DisconnectReason.WriteDeadline))) _events.CountWriteDeadline(this);
    }

    /// <summary>Returns whether TCP timed out: the peer did not acknowledge data in time (server.tcp_user_timeout).</summary>
    private static bool IsTimeout(Exception? fault)
    {
        for (; fault != null; fault = fault.InnerException)
            if (fault is SocketException { SocketErrorCode: SocketError.TimedOut })
                return true;
        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The outbox of connection {ConnectionId} was full: {Messages} messages dropped ({Policy})")]
        public static partial void Dropped(ILogger logger, string connectionId, int messages, SlowConsumerPolicy policy);

        [LoggerMessage(2, LogLevel.Information, "Closing connection {ConnectionId} of user {UserId}: slow consumer")]
        public static partial void SlowConsumer(ILogger logger, string connectionId, string userId);

        [LoggerMessage(3, LogLevel.Debug, "Closing connection {ConnectionId}: {Code} {Reason}")]
        public static partial void Closing(ILogger logger, string connectionId, int code, string reason);

        [LoggerMessage(4, LogLevel.Debug, "A write to connection {ConnectionId} failed: the client has disconnected")]
        public static partial void Broken(ILogger logger, string connectionId);
    }
}
