using Gateway.AspNetCore.WebSockets;
using Gateway.Core.Broadcast;
using Gateway.Core.Connections;
using Gateway.Core.Replicas;
using Gateway.Core.Rooms;
using Gateway.Core.Supervision;

namespace Gateway.AspNetCore.Hosting;

/// <summary>
/// Puts the parts of the core in motion ahead of the first connection: the backplane's receiver, the gauges, the deadline sweep.
/// </summary>
internal sealed class DomainStartup(
    IBackplane backplane, BackplaneReceiver receiver, GatewayMeter meter, ConnectionTable connections, RoomTable rooms,
    IReplicaRegistry replicas,
    ConnectionObservers observers, DeadlineSweep sweep,
    FrameLimit frames, Supervisor supervisor) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        backplane.Start(receiver);
        meter.Observe(connections, () => rooms.Count);
        observers.Start();
        supervisor.StartCounting();
        meter.Gauge("gateway_replicas", "Replicas of the gateway that are alive, this one included.", () => replicas.Counts.Replicas);
        _ = sweep; // its timer runs from its construction on
        _ = frames; // its counter stands from its construction on
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => observers.StopAsync(cancellationToken);
}
