using Gateway.AspNetCore.AnyReplica;
using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Security;
using Gateway.Core.Connections;
using Gateway.Core.Supervision;
using Gateway.Core.Wire;
using Microsoft.Extensions.Options;

namespace Gateway.AspNetCore.Lifecycle;

/// <summary>
/// Shutdown: refuses newcomers, tells every client why and that it may come again, then gives all of them the time to close. What is posted
/// when the host begins to stop is with the sockets before the framework starts to close anything.
/// </summary>
internal sealed partial class ConnectionDrainer(
    IOptions<HostOptions> options, GatewayDomains hubs, ConnectionAdmission gate, Forwarder forwarder, ReadinessState readiness,
    IHostApplicationLifetime host, TimeProvider time, ILogger<ConnectionDrainer> logger) : IHostedLifecycleService
{
    /// <summary>What is left of the shutdown time for the host after the connections.</summary>
    private static readonly TimeSpan Reserve = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// A client that reads takes its goodbye at once; only one whose outbox was just being written to needs a moment. Whoever does not read
    /// is not waited for longer.
    /// </summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// On server-sent events and long polling the framework ends a connection as soon as its callback runs, whatever the client has not
    /// fetched yet. So these get the time in which a poll comes and goes; a client leaves when it has read its Close record.
    /// </summary>
    private static readonly TimeSpan Fetching = TimeSpan.FromSeconds(2);

    private readonly Lock _saying = new();
    private long _began;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        // Callbacks run last in, first out: registered now, ours comes ahead of the framework's, which closes SignalR's connections.
        host.ApplicationStopping.Register(Say);
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        Say();
        var patience = options.Value.ShutdownTimeout - Reserve - time.GetElapsedTime(_began);
        var deadline = time.GetTimestamp();
        while (IsSomebodyComingIn() && time.GetElapsedTime(deadline) < Moment)
            await Task.Delay(TimeSpan.FromMilliseconds(10), time, CancellationToken.None);
        while (hubs.All.Any(hub => hub.Connections.Count > 0) && time.GetElapsedTime(deadline) < patience
            && !cancellationToken.IsCancellationRequested)
            await Task.Delay(TimeSpan.FromMilliseconds(10), time, CancellationToken.None);
        var left = Everyone();
        foreach (var connection in left) connection.Outbox.Abort();
        if (left.Length > 0) Log.Aborted(logger, left.Length);
    }

    private void Say()
    {
        lock (_saying) // the host stops on one thread and calls back on another: neither goes on before it is said
        {
            if (readiness.IsDraining) return;
            readiness.SetDraining();
            _began = time.GetTimestamp();
            Log.Begins(logger, hubs.All.Sum(hub => hub.Lifecycle.Drain()));
            forwarder.Drain();
            // After this callback the framework's is run, which cuts off what it knows of, whatever waits there.
            SpinWait.SpinUntil(() => Array.TrueForAll(Everyone(), c => c.Outbox.IsClosed), Moment);
            var fetching = options.Value.ShutdownTimeout / 2;
            SpinWait.SpinUntil(
                () => !Array.Exists(Everyone(), c => c.Outbox.Format == FrameFormat.SignalRRecord),
                fetching < Fetching ? fetching : Fetching);
        }
    }

    /// <summary>Admitted, and not among the connections yet: it will be told as soon as it is.</summary>
    private bool IsSomebodyComingIn() => gate.UnderWay > Everyone().Length + forwarder.UnderWay;

    private Connection[] Everyone() => [.. hubs.All.SelectMany(hub => hub.Connections.Snapshot())];

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Shutting down: {Connections} connections are told")]
        public static partial void Begins(ILogger logger, int connections);

        [LoggerMessage(2, LogLevel.Warning, "Shutting down: {Connections} connections did not close in time and are aborted")]
        public static partial void Aborted(ILogger logger, int connections);
    }
}
