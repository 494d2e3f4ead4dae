using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Security;
using Gateway.Core.Connections;

namespace Gateway.AspNetCore.SignalR;

/// <summary>
/// Tracks the requests of each SignalR connection (server-sent events and long polling have many), and checks that all of them are from the
/// same user. The id in the query is a secret, but the framework checks nothing else.
/// </summary>
internal sealed class SignalRRequests(ConnectionQuota quota)
{
    /// <summary>The id that a load balancer gives a request, the same for each of its attempts.</summary>
    private const string RequestIdHeader = "X-Gateway-Request";

    // Guarded by itself.
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Runs a request if it is from its connection's user. Place it where the id in the query is the framework's own.</summary>
    public Task InvokeAsync(HttpContext context, GatewayEndpoint endpoint, RequestDelegate next)
    {
        if (endpoint.Kind != EndpointKind.Connect) return next(context);
        if (IdOf(context) is { Length: > 0 } id) return RunAsync(context, id, endpoint.Domain, next);
        return IsConnect(context) ? ConnectAsync(context, endpoint.Domain, next) : next(context);
    }

    /// <summary>Called when SignalR starts to run a connection. It counts until <see cref="End"/>, even while it has no request.</summary>
    /// <returns><c>false</c> if there are too many connections.</returns>
    public bool TryStart(string id, HttpContext context, GatewayDomain domain)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue(id, out var entry)) _entries[id] = entry = new Entry(RequestUser.IdOf(context));
            // The request that started it may have ended.
            if (TryCountLocked(entry, context, domain) == null) return entry.IsRunning = entry.HasStarted = true;
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

    /// <summary>Assigns the connection that the requests belong to.</summary>
    /// <returns><c>false</c> if the requests are from another user.</returns>
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

    /// <summary>Runs a WebSocket without negotiation, or one that was handed over. The request is the connection.</summary>
    private async Task ConnectAsync(HttpContext context, GatewayDomain domain, RequestDelegate next)
    {
        var (lease, refusal) = quota.TryAcquire(domain, context.Connection.RemoteIpAddress);
        using (lease) await (refusal == null ? next(context) : ConnectionQuota.RefuseAsync(context, refusal));
    }

    private async Task RunAsync(HttpContext context, string id, GatewayDomain domain, RequestDelegate next)
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
            else if (IsConnect(context) && (refusal = TryCountLocked(entry, context, domain)) != null)
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
            // The response to the first attempt may have held messages, which are lost. So this connection ends, and the next one recovers
            // them.
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
        entry.Connection?.Outbox.RecordReceived(); // a heartbeat of a client that otherwise only receives
        var startsSoon = false;
        try
        {
            await next(context);
            startsSoon = IsConnect(context) && context.Response.StatusCode == StatusCodes.Status200OK;
        }
        finally
        {
            lock (_entries)
            {
                entry.Requests--;
                // The framework answers the first poll at once and starts the connection beside it: the place is not free in between.
                if (!startsSoon || entry.HasStarted) RemoveIfIdleLocked(id, entry);
            }
        }
    }

    /// <summary>
    /// Returns whether a load balancer repeats a long poll because the first attempt got no response. (The timestamp that JavaScript
    /// clients add is the same for two quick polls.)
    /// </summary>
    private static bool IsRepeated(HttpContext context, Entry entry)
    {
        if (!HttpMethods.IsGet(context.Request.Method) || ConnectionRateLimiter.OpensConnection(context, isHub: true)) return false;
        var poll = context.Request.Headers[RequestIdHeader].ToString();
        return poll.Length > 0 && Interlocked.Exchange(ref entry.LastPoll, poll) == poll;
    }

    private void RemoveIfIdleLocked(string id, Entry entry)
    {
        if (entry.Requests > 0 || entry.IsRunning || entry.Connection != null || _entries.GetValueOrDefault(id) != entry) return;
        _entries.Remove(id);
        entry.Lease?.Dispose();
    }

    /// <summary>Counts a connection once, however many requests it has.</summary>
    /// <returns>Why there is no capacity for it, or <c>null</c>.</returns>
    private string? TryCountLocked(Entry entry, HttpContext context, GatewayDomain domain)
    {
        if (entry.Lease != null) return null;
        (entry.Lease, var refusal) = quota.TryAcquire(domain, context.Connection.RemoteIpAddress);
        return refusal;
    }

    private static bool IsConnect(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsConnect(context.Request.Method);

    /// <param name="user">The user's id; <c>null</c> if anonymous.</param>
    private sealed class Entry(string? user)
    {
        public string? LastPoll;

        public string? User => user;
        public int Requests { get; set; }
        public Connection? Connection { get; set; }

        /// <summary>Whether SignalR runs the connection, or has run it.</summary>
        public bool HasStarted { get; set; }

        /// <summary>Whether SignalR runs the connection.</summary>
        public bool IsRunning { get; set; }

        /// <summary>The connection's share of the quota.</summary>
        public ConnectionQuota.Lease? Lease { get; set; }
    }
}
