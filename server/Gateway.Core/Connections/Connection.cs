using System.Net.Sockets;
using Gateway.Core.Limits;
using Gateway.Core.Messages;
using Gateway.Core.Wire;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Connections;

/// <summary>One client's connection, whatever its dialect: who it is, its outbox, and the sets (rooms and others) it is in.</summary>
public sealed partial class Connection : IOutboxOwner
{
    private static readonly TimeSpan DropLogInterval = TimeSpan.FromSeconds(1);

    private readonly ConnectionEvents _events;
    private readonly TimeProvider _time;

    /// <summary>What the client sent lately.</summary>
    internal SlidingWindow MessageWindow;

    /// <summary>What of it was refused for being too much.</summary>
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

    public string Id { get; }
    public UserIdentity User { get; private set; }
    public Dialect Dialect { get; }
    internal Outbox Outbox { get; }
    /// <summary>Where messages for it are posted: its outbox, or the inbox of its handler; <c>null</c> where a handler wants none.</summary>
    internal Outbox? MessageOutbox => Dialect == Dialect.Frames ? HandlerOutbox : Outbox;

    /// <summary>What a handler of this connection hears of the rooms, in the envelope's form.</summary>
    internal Outbox? HandlerOutbox { get; set; }

    public DateTimeOffset ConnectedAt { get; }
    public string? RemoteAddress { get; init; }

    /// <summary>How long its token lets it live; <c>null</c> for one that came without.</summary>
    internal TokenExpiry? Token { get; set; }

    /// <summary>A SignalR client that is silent for longer is gone; <c>null</c> where the transport sees to that.</summary>
    internal TimeSpan? SilenceLimit { get; init; }

    /// <summary>What the user says of itself.</summary>
    public UserStatus Status { get; private set; } = UserStatus.Online;

    /// <summary>Its share of the fan-out: the worker that posts to it.</summary>
    internal int Shard { get; init; }

    /// <summary>Called once, when the gateway begins to close the connection; whoever lets it in sets this.</summary>
    internal Action<Connection>? Closing { get; set; }

    /// <summary>Its way out of its rooms, once the gateway has begun to close it.</summary>
    internal Task LeaveTask { get; set; } = Task.CompletedTask;

    /// <summary>The rooms it is in, under their names. Guarded by <see cref="Rooms"/>' own lock.</summary>
    internal ConnectionRooms Rooms { get; } = new();

    /// <summary>How many of its addresses (user, then connection) the backplane knows.</summary>
    internal int SubscribedAddresses { get; set; }

    /// <summary>Its handler has not taken what the client sent, so nothing is read for now, its pongs included.</summary>
    internal bool IsReadingPaused { get; set; }

    /// <summary>When the sweep gave it up for its silence, as a timestamp of the time provider; 0: it has not.</summary>
    internal long TimedOutAt { get; set; }

    /// <summary>How it ended; <c>null</c>: it has not, or nobody knows yet.</summary>
    internal ConnectionEnd? End => _end;

    /// <summary>When the sweep last pinged it, as a timestamp of the time provider.</summary>
    internal long PingedAt { get; set; }

    /// <summary>Part of a message has come, and the rest has not: from the first such part on, a deadline runs.</summary>
    internal void OnMessageStarted()
    {
        if (_messageStartedAt == 0) Volatile.Write(ref _messageStartedAt, _time.GetTimestamp());
    }

    internal void OnMessageCompleted()
    {
        Volatile.Write(ref _messageStartedAt, 0);
        Outbox.OnFrameCompleted();
    }

    /// <summary>Has a message, or a frame of one, that began not ended for so long?</summary>
    internal bool IsMessageOverdue(TimeSpan limit) =>
        Outbox.HasPassed(_time, Volatile.Read(ref _messageStartedAt), limit) || Outbox.IsFrameOverdue(limit);

    /// <summary>Sends to this client alone. Never dropped: if it does not fit, the connection is closed as a slow consumer.</summary>
    internal void Reply(ReadOnlyMemory<byte> frame) => Outbox.Post(new FrameBatch(frame));

    /// <param name="hiddenIn">Rooms that do not see it.</param>
    internal void SetStatus(string status, IReadOnlySet<string>? hiddenIn = null)
    {
        var said = new UserStatus(status, _time.GetUtcNow());
        Status = hiddenIn == null ? said : said with { HiddenIn = hiddenIn };
    }

    /// <summary>Takes over what a newer token of the same user says. False if it is another's.</summary>
    internal bool TryRefresh(UserIdentity user, TokenExpiry expiry)
    {
        if (user.Id != User.Id) return false;
        User = User with { Roles = user.Roles }; // under the name that the others know
        Token = expiry;
        return true;
    }

    /// <summary>Warns of the token's end, or ends the connection with it.</summary>
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

    /// <summary>What counts no more against the limits takes no memory.</summary>
    internal void ReleaseIdleLimits()
    {
        MessageWindow.ReleaseIfIdle(_time);
        RejectedWindow.ReleaseIfIdle(_time);
    }

    /// <summary>Says goodbye after what waits to go out.</summary>
    internal void Close(CloseReason reason) => Outbox.Close(reason);

    /// <summary>Notes how the connection ends. The first call decides.</summary>
    /// <returns>False if that was known already.</returns>
    internal bool TrySetEnd(ConnectionEnd end) => Interlocked.CompareExchange(ref _end, end, null) == null;

    /// <summary>To be called once, when it is over.</summary>
    internal void CountEnded() => _events.CountEnded(this);

    /// <summary>A write takes too long: ends the connection without a word, which the client would not read.</summary>
    internal void AbortOverdue()
    {
        if (Outbox.IsOpen && TrySetEnd(new ConnectionEnd(DisconnectReason.WriteDeadline))) _events.CountWriteDeadline(this);
        Outbox.Abort();
    }

    void IOutboxOwner.OnDropped(SlowConsumerPolicy? policy, int messages)
    {
        _events.CountDropped(policy, messages);
        if (policy is null or SlowConsumerPolicy.Latest) return; // to drop is what that policy is for
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
        if (IsTimeout(fault)) RecordFault(fault); // else whoever reads from the client knows more
        Log.Broken(_events.Logger, Id);
    }

    /// <summary>The way to or from the client failed.</summary>
    internal void RecordFault(Exception fault)
    {
        if (!IsTimeout(fault)) TrySetEnd(ConnectionEnd.Aborted);
        else if (TrySetEnd(new ConnectionEnd(DisconnectReason.WriteDeadline))) _events.CountWriteDeadline(this);
    }

    /// <summary>The system gave the connection up: nothing that it sent was acknowledged in time (server.tcp_user_timeout).</summary>
    private static bool IsTimeout(Exception? fault)
    {
        for (; fault != null; fault = fault.InnerException)
            if (fault is SocketException { SocketErrorCode: SocketError.TimedOut })
                return true;
        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Connection {ConnectionId}: its outbox was full, {Messages} messages dropped ({Policy})")]
        public static partial void Dropped(ILogger logger, string connectionId, int messages, SlowConsumerPolicy policy);

        [LoggerMessage(2, LogLevel.Information, "Connection {ConnectionId} of user {UserId} is a slow consumer and is closed")]
        public static partial void SlowConsumer(ILogger logger, string connectionId, string userId);

        [LoggerMessage(3, LogLevel.Debug, "Connection {ConnectionId} is closed: {Code} {Reason}")]
        public static partial void Closing(ILogger logger, string connectionId, int code, string reason);

        [LoggerMessage(4, LogLevel.Debug, "Connection {ConnectionId}: a write failed, the client is gone")]
        public static partial void Broken(ILogger logger, string connectionId);
    }
}
