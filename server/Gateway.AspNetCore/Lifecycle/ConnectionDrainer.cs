using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Hubs;
using Gateway.AspNetCore.Security;
using Gateway.Core.Connections;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;
using Microsoft.Extensions.Options;

namespace Gateway.AspNetCore.Lifecycle;

/// <summary>
/// Drains the connections at shutdown: rejects new ones, tells every client why it is disconnected and that it may reconnect, and waits for
/// the clients to close. The close frames are written before the framework closes any connection.
/// </summary>
internal sealed partial class ConnectionDrainer(
    IOptions<HostOptions> options, GatewayDomains domains, HubDomains hubs, ConnectionAdmission admission, Forwarder forwarder,
    ReadinessState readiness, IHostApplicationLifetime host, TimeProvider time, ILogger<ConnectionDrainer> logger) : IHostedLifecycleService
{
    /// <summary>The part of the shutdown timeout that is left to the host.</summary>
    private static readonly TimeSpan Reserve = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How long to wait for the close frames to be written, and for connections that are being admitted. Only a client that does not read
    /// takes longer.
    /// </summary>
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// How long clients of server-sent events and long polling have to fetch their Close record. The framework ends these connections when
    /// its own callback runs, whatever the client has not read.
    /// </summary>
    private static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();

    private IEnumerable<GatewayDomain> Domains => domains.All.Concat(hubs.All);
    private long _startedAt;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        // Callbacks run last in, first out. Registered now, ours runs before the framework's, which closes SignalR's connections.
        host.ApplicationStopping.Register(StartDraining);
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        StartDraining();
        var timeout = options.Value.ShutdownTimeout - Reserve - time.GetElapsedTime(_startedAt);
        var stoppingAt = time.GetTimestamp();
        while (HasPendingAdmissions() && time.GetElapsedTime(stoppingAt) < FlushTimeout)
            await Task.Delay(TimeSpan.FromMilliseconds(10), time, CancellationToken.None);
        while (Domains.Any(domain => domain.Connections.Count > 0) && time.GetElapsedTime(stoppingAt) < timeout
            && !cancellationToken.IsCancellationRequested)
            await Task.Delay(TimeSpan.FromMilliseconds(10), time, CancellationToken.None);
        var remaining = AllConnections();
        foreach (var connection in remaining) connection.Outbox.Abort();
        if (remaining.Length > 0) Log.Aborted(logger, remaining.Length);
    }

    private void StartDraining()
    {
        lock (_lock) // the host stops on one thread and runs callbacks on another: both wait until the close frames are written
        {
            if (readiness.IsDraining) return;
            readiness.SetDraining();
            _startedAt = time.GetTimestamp();
            Log.Draining(logger, Domains.Sum(domain => domain.Lifecycle.Drain()));
            forwarder.Drain();
            // The framework's callback runs next and aborts its connections, with whatever still waits there.
            SpinWait.SpinUntil(() => Array.TrueForAll(AllConnections(), c => c.Outbox.IsClosed), FlushTimeout);
            var half = options.Value.ShutdownTimeout / 2;
            SpinWait.SpinUntil(
                () => !Array.Exists(AllConnections(), c => c.Outbox.Format == FrameFormat.SignalRRecord),
                half < FetchTimeout ? half : FetchTimeout);
        }
    }

    /// <summary>Whether a connection is admitted but not registered yet. It is closed as soon as it is registered.</summary>
    private bool HasPendingAdmissions() => admission.ActiveConnections > AllConnections().Length + forwarder.ActiveRequests;

    private Connection[] AllConnections() => [.. Domains.SelectMany(domain => domain.Connections.Snapshot())];

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Shutting down: draining {Connections} connections")]
        public static partial void Draining(ILogger logger, int connections);

        [LoggerMessage(2, LogLevel.Warning, "Shutting down: {Connections} connections did not close in time and were aborted")]
        public static partial void Aborted(ILogger logger, int connections);
    }
}
