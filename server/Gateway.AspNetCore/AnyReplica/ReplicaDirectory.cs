using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using Gateway.Core.Replicas;
using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>Another replica that requests are forwarded to.</summary>
internal sealed class ReplicaClient(string id, Uri address) : IDisposable
{
    private readonly CancellationTokenSource _stopped = new();
    private int _isLogged;

    public string Id => id;

    public Uri Address => address;

    /// <summary>Gets a token that is cancelled when the replica has stopped.</summary>
    public CancellationToken Stopped => _stopped.Token;

    /// <summary>Gets or sets how many consecutive checks have not found the replica.</summary>
    public int MissedChecks { get; set; }

    /// <summary>Returns <c>true</c> once, so that a failure is logged once rather than for each client.</summary>
    public bool TryMarkLogged() => Interlocked.Exchange(ref _isLogged, 1) == 0;

    public void Stop() => _stopped.Cancel();

    public void Dispose() => _stopped.Dispose();
}

/// <summary>
/// The other replicas and the HTTP connections to them. Every second it checks which replicas have stopped, and ends the requests to those.
/// </summary>
internal sealed class ReplicaDirectory : IDisposable
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    /// <summary>A replica that has just started writes its address with the next heartbeat, a second later.</summary>
    private static readonly TimeSpan AddressTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan AddressPoll = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// A single check may be wrong: the list is briefly empty after Redis has lost its data, and does not have a new replica yet.
    /// </summary>
    private const int MaxMissedChecks = 3;

    private readonly ConcurrentDictionary<string, ReplicaClient> _clients = new(StringComparer.Ordinal);
    private readonly IReplicaRegistry _replicas;
    private readonly HttpMessageInvoker _http;
    private readonly TimeProvider _time;
    private readonly ITimer _checks;

    public ReplicaDirectory(ReplicaCertificate certificate, IReplicaRegistry replicas, Supervisor supervisor, TimeProvider time)
    {
        (_replicas, _time) = (replicas, time);
        _http = new HttpMessageInvoker(CreateHandler(certificate));
        _checks = supervisor.Loop("owners").Every(CheckInterval, CheckReplicas);
    }

    /// <summary>Finds a replica. Waits a moment for the address of one that has just started.</summary>
    /// <returns><c>null</c> if the replica is unknown or has no address.</returns>
    public async ValueTask<ReplicaClient?> FindAsync(string id)
    {
        if (_clients.TryGetValue(id, out var known)) return known;
        var began = _time.GetTimestamp();
        while (await _replicas.FindAsync(id) is { } replica)
        {
            if (Uri.TryCreate(replica.Address, UriKind.Absolute, out var address))
                return _clients.GetOrAdd(id, static (id, address) => new ReplicaClient(id, address), address);
            if (_time.GetElapsedTime(began) >= AddressTimeout) break;
            await Task.Delay(AddressPoll, _time);
        }
        return null;
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel) => _http.SendAsync(request, cancel);

    public void Dispose()
    {
        _checks.Dispose();
        _http.Dispose();
    }

    private void CheckReplicas()
    {
        if (_clients.IsEmpty) return;
        var alive = _replicas.All.Select(replica => replica.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var client in _clients.Values)
        {
            client.MissedChecks = alive.Contains(client.Id) ? 0 : client.MissedChecks + 1;
            if (client.MissedChecks >= MaxMissedChecks && _clients.TryRemove(client.Id, out _)) client.Stop();
        }
    }

    private static SocketsHttpHandler CreateHandler(ReplicaCertificate own) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null, // the client's own tracing headers are forwarded unchanged
        ConnectTimeout = TimeSpan.FromSeconds(2),
        // Less than the other side's (130 s), so that a request never uses a connection that is being closed
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        SslOptions =
        {
            RemoteCertificateValidationCallback = (_, certificate, _, errors) => errors == SslPolicyErrors.None || own.IsOurs(certificate),
        },
    };
}
