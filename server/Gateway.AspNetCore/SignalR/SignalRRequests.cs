using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Security;
using Gateway.Core.Connections;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// The requests that make up one SignalR connection (server-sent events and long polling have many). All of them have to be the same
/// user's: the id in the query is a secret, but the framework asks for nothing else.
/// </summary>
internal sealed class SignalRRequests(ConnectionQuota quota)
{
    /// <summary>A balancer's name for a request, the same for each of its attempts.</summary>
    private const string AttemptOf = "X-Gateway-Request";

    // Guarded by itself.
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Runs a request if it is one of its connection's user. To stand where the id is the framework's own.</summary>
    public Task InvokeAsync(HttpContext context, GatewayEndpoint endpoint, RequestDelegate next)
    {
        if (endpoint.Kind != EndpointKind.Connect) return next(context);
        if (IdOf(context) is { Length: > 0 } id) return RunAsync(context, id, endpoint.Domain, next);
        return IsConnect(context) ? ConnectAsync(context, endpoint.Domain, next) : next(context);
    }

    /// <summary>
    /// SignalR has begun to run the connection that the requests belong to. It counts until <see cref="End"/>, also while no request of it
    /// is here.
    /// </summary>
    /// <returns>False if there are too many.</returns>
    public bool TryBegin(string id, HttpContext context, GatewayDomain hub)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue(id, out var entry)) _entries[id] = entry = new Entry(RequestUser.IdOf(context));
            // The request that began it may be over already.
            if (TryCountLocked(entry, context, hub) == null) return entry.IsRunning = true;
            RemoveIfIdleLocked(id, entry);
            return false;
        }
    }

    public void End(string id)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue(id, out var entry)) return;
            entry.IsRunning = false;
            RemoveIfIdleLocked(id, entry);
        }
    }

    /// <summary>The connection that the requests belong to exists from now on.</summary>
    /// <returns>False if it is another user's.</returns>
    public bool Open(HttpContext context, Connection connection)
    {
        if (IdOf(context) is not { Length: > 0 } id) return true;
        lock (_entries)
        {
            if (!_entries.TryGetValue(id, out var entry)) _entries[id] = entry = new Entry(RequestUser.IdOf(context));
            entry.Connection = connection;
            return entry.User == null || entry.User == connection.User.Id;
        }
    }

    public void Close(HttpContext context, Connection connection)
    {
        if (IdOf(context) is not { Length: > 0 } id) return;
        lock (_entries)
        {
            if (!_entries.TryGetValue(id, out var entry) || entry.Connection != connection) return;
            entry.Connection = null;
            RemoveIfIdleLocked(id, entry);
        }
    }

    public static string IdOf(HttpContext context) => context.Request.Query["id"].ToString();

    /// <summary>A WebSocket without negotiation, or one that was taken over: the request is the connection.</summary>
    private async Task ConnectAsync(HttpContext context, GatewayDomain hub, RequestDelegate next)
    {
        var (lease, refusal) = quota.TryAcquire(hub, context.Connection.RemoteIpAddress);
        using (lease) await (refusal == null ? next(context) : ConnectionQuota.RefuseAsync(context, refusal));
    }

    private async Task RunAsync(HttpContext context, string id, GatewayDomain hub, RequestDelegate next)
    {
        var user = RequestUser.IdOf(context);
        Entry? entry;
        string? refusal = null;
        lock (_entries)
        {
            if (!_entries.TryGetValue(id, out entry)) _entries[id] = entry = new Entry(user);
            if (entry.User != user)
            {
                entry = null;
            }
            else if (IsConnect(context) && (refusal = TryCountLocked(entry, context, hub)) != null)
            {
                RemoveIfIdleLocked(id, entry);
            }
            else
            {
                entry.Requests++;
            }
        }
        if (refusal != null)
        {
            await ConnectionQuota.RefuseAsync(context, refusal);
            return;
        }
        if (entry != null && IsRepeated(context, entry))
        {
            // The answer to the first attempt may have held messages, which nobody has: so this connection ends, and the next one catches
            // up.
            entry.Connection?.Outbox.Abort();
            lock (_entries)
            {
                entry.Requests--;
                RemoveIfIdleLocked(id, entry);
            }
            await NoSuchConnection.WriteAsync(context);
            return;
        }
        if (entry == null)
        {
            await Refusal.WriteAsync(context, StatusCodes.Status403Forbidden, "not your connection");
            return;
        }
        if (HttpMethods.IsDelete(context.Request.Method)) entry.Connection?.TrySetEnd(new ConnectionEnd(DisconnectReason.Normal));
        entry.Connection?.Outbox.RecordReceived(); // a sign of life that comes beside the stream of events
        try
        {
            await next(context);
        }
        finally
        {
            lock (_entries)
            {
                entry.Requests--;
                RemoveIfIdleLocked(id, entry);
            }
        }
    }

    /// <summary>
    /// A long poll that a balancer asks for once more, as it had no answer to the first attempt. (What stock JavaScript clients add, the
    /// time in milliseconds, is the same for two quick polls.)
    /// </summary>
    private static bool IsRepeated(HttpContext context, Entry entry)
    {
        if (!HttpMethods.IsGet(context.Request.Method) || ConnectionRateLimiter.Opens(context, isHub: true)) return false;
        var poll = context.Request.Headers[AttemptOf].ToString();
        return poll.Length > 0 && Interlocked.Exchange(ref entry.LastPoll, poll) == poll;
    }

    private void RemoveIfIdleLocked(string id, Entry entry)
    {
        if (entry.Requests > 0 || entry.IsRunning || entry.Connection != null || _entries.GetValueOrDefault(id) != entry) return;
        _entries.Remove(id);
        entry.Lease?.Dispose();
    }

    /// <summary>A connection counts once, whatever number of requests it has.</summary>
    /// <returns>Why there is no place for it.</returns>
    private string? TryCountLocked(Entry entry, HttpContext context, GatewayDomain hub)
    {
        if (entry.Lease != null) return null;
        (entry.Lease, var refusal) = quota.TryAcquire(hub, context.Connection.RemoteIpAddress);
        return refusal;
    }

    private static bool IsConnect(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsConnect(context.Request.Method);

    /// <param name="user">Whose it is; <c>null</c> for an anonymous one.</param>
    private sealed class Entry(string? user)
    {
        public string? LastPoll;

        public string? User => user;
        public int Requests { get; set; }
        public Connection? Connection { get; set; }

        /// <summary>SignalR runs it.</summary>
        public bool IsRunning { get; set; }

        /// <summary>Its place among the connections that are counted.</summary>
        public ConnectionQuota.Lease? Lease { get; set; }
    }
}
