using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>A replica that owns connections whose requests arrive here.</summary>
internal sealed class ReplicaClient(string id, Uri address) : IDisposable
{
    private readonly CancellationTokenSource _gone = new();
    private int _isTold;

    public string Id => id;

    public Uri Address => address;

    /// <summary>Cancelled when the replica is no more.</summary>
    public CancellationToken Gone => _gone.Token;

    /// <summary>In how many looks one after the other it was missing.</summary>
    public int Missing { get; set; }

    /// <summary>True once: for the log, which need not have a line for each of its clients.</summary>
    public bool TellsFirst() => Interlocked.Exchange(ref _isTold, 1) == 0;

    public void End() => _gone.Cancel();

    public void Dispose() => _gone.Dispose();
}

/// <summary>
/// The other replicas as those that requests are sent to, and the connections to them. A look every second tells who is no more: what waits
/// for it ends.
/// </summary>
internal sealed class ReplicaDirectory : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>
    /// One look may be wrong: the list is empty for a moment when Redis has lost its data, and a newcomer is not in it yet.
    /// </summary>
    private const int LooksToBeGone = 3;

    private readonly ConcurrentDictionary<string, ReplicaClient> _owners = new(StringComparer.Ordinal);
    private readonly IReplicaRegistry _replicas;
    private readonly HttpMessageInvoker _http;
    private readonly ITimer _looking;

    public ReplicaDirectory(ReplicaCertificate certificate, IReplicaRegistry replicas, Supervisor supervisor)
    {
        _replicas = replicas;
        _http = new HttpMessageInvoker(Handler(certificate));
        _looking = supervisor.Loop("owners").Every(Look, LookAround);
    }

    /// <returns><c>null</c> if there is no such replica, as far as is known; or it does not say where it is.</returns>
    public async ValueTask<ReplicaClient?> FindAsync(string id)
    {
        if (_owners.TryGetValue(id, out var known)) return known;
        if (await _replicas.FindAsync(id) is not { } replica || !Uri.TryCreate(replica.Address, UriKind.Absolute, out var address))
            return null;
        return _owners.GetOrAdd(id, static (id, address) => new ReplicaClient(id, address), address);
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel) => _http.SendAsync(request, cancel);

    public void Dispose()
    {
        _looking.Dispose();
        _http.Dispose();
    }

    private void LookAround()
    {
        if (_owners.IsEmpty) return;
        var alive = _replicas.All.Select(replica => replica.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var owner in _owners.Values)
        {
            owner.Missing = alive.Contains(owner.Id) ? 0 : owner.Missing + 1;
            if (owner.Missing >= LooksToBeGone && _owners.TryRemove(owner.Id, out _)) owner.End();
        }
    }

    private static SocketsHttpHandler Handler(ReplicaCertificate own) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null, // what the client sent of them passes as it is
        ConnectTimeout = TimeSpan.FromSeconds(2),
        // Less than the other end's (130 s), or a request could meet a connection that is just being closed
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        SslOptions =
        {
            RemoteCertificateValidationCallback = (_, certificate, _, errors) => errors == SslPolicyErrors.None || own.IsOurs(certificate),
        },
    };
}
