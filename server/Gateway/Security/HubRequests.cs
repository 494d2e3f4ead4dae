using System.Security.Claims;
using Gateway.AnyReplica;
using Gateway.Configuration;
using Gateway.Core.Connections;

namespace Gateway.Security;

/// <summary>
/// The requests that make up one SignalR connection (server-sent events and long polling have many). All of them have to be the same user's: the id in the query is a secret, but
/// the framework asks for nothing else.
/// </summary>
internal sealed class HubRequests(GatewayOptions options)
{
    /// <summary>A balancer's name for a request, the same for each of its attempts.</summary>
    private const string AttemptOf = "X-Gateway-Request";

    // Guarded by itself.
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Runs a request if it is one of its connection's user. To stand where the id is the framework's own.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next) =>
        context.Request.Path.StartsWithSegments(options.SignalR.Path) && IdOf(context) is { Length: > 0 } id ? RunAsync(context, id, next) : next(context);

    /// <summary>The connection that the requests belong to exists from now on.</summary>
    /// <returns>False if it is another user's.</returns>
    public bool Open(HttpContext context, Connection connection)
    {
        if (IdOf(context) is not { Length: > 0 } id) return true;
        lock (_entries)
        {
            if (!_entries.TryGetValue(id, out var entry)) _entries[id] = entry = new Entry(UserOf(context));
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

    private async Task RunAsync(HttpContext context, string id, RequestDelegate next)
    {
        var user = UserOf(context);
        Entry? entry;
        lock (_entries)
        {
            if (!_entries.TryGetValue(id, out entry)) _entries[id] = entry = new Entry(user);
            if (entry.User == user) entry.Requests++;
            else entry = null;
        }
        if (entry != null && IsRepeated(context, entry))
        {
            // The answer to the first attempt may have held messages, which nobody has: so this connection ends, and the next one catches up.
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
        if (HttpMethods.IsDelete(context.Request.Method)) entry.Connection?.NoteEnding(new Ending(DisconnectReason.Normal));
        entry.Connection?.Outbox.NoteReceived(); // a sign of life that comes beside the stream of events
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

    /// <summary>A long poll that a balancer asks for once more, as it had no answer to the first attempt. (What stock JavaScript clients add, the time in milliseconds, is the same for two quick polls.)</summary>
    private static bool IsRepeated(HttpContext context, Entry entry)
    {
        if (!HttpMethods.IsGet(context.Request.Method) || ArrivalRate.Opens(context, isHub: true)) return false;
        var poll = context.Request.Headers[AttemptOf].ToString();
        return poll.Length > 0 && Interlocked.Exchange(ref entry.LastPoll, poll) == poll;
    }

    private void RemoveIfIdleLocked(string id, Entry entry)
    {
        if (entry.Requests == 0 && entry.Connection == null && _entries.GetValueOrDefault(id) == entry) _entries.Remove(id);
    }

    private static string IdOf(HttpContext context) => context.Request.Query["id"].ToString();

    private static string? UserOf(HttpContext context) =>
        context.User.Identity?.IsAuthenticated == true ? context.User.FindFirstValue("sub") ?? context.User.FindFirstValue(ClaimTypes.NameIdentifier) : null;

    /// <param name="user">Whose it is; <c>null</c> for an anonymous one.</param>
    private sealed class Entry(string? user)
    {
        public string? LastPoll;

        public string? User => user;
        public int Requests { get; set; }
        public Connection? Connection { get; set; }
    }
}
