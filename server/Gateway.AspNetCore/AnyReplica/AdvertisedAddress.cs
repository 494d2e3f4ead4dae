using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Gateway.AspNetCore.Options;
using Gateway.Core.Replicas;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>Where the other replicas reach this one: as configured, else the machine's own address and the port that clients use.</summary>
internal sealed class AdvertisedAddress(GatewayOptions options, ReplicaStatus own, IServer server) : IHostedLifecycleService
{
    /// <summary>The port is known before it is listened on; so the others know the address before there are clients.</summary>
    /// <param name="listening">Where the server is going to listen; port 0 is not known yet.</param>
    public void Expect(Uri listening)
    {
        if (listening.Port != 0) own.Address = Reachable(listening);
    }

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (options.Server.AdvertiseAddress.Length > 0) own.Address = options.Server.AdvertiseAddress;
        return Task.CompletedTask;
    }

    /// <summary>In a host application only now is known where it listens.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (own.Address.Length == 0 && server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is { } bound)
            own.Address = Reachable(new Uri(AsUri(bound)));
        return Task.CompletedTask;
    }

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static string AsUri(string bound) =>
        bound.Replace("://+", "://0.0.0.0", StringComparison.Ordinal).Replace("://*", "://0.0.0.0", StringComparison.Ordinal);

    private static string Reachable(Uri bound)
    {
        var isAny = IPAddress.TryParse(bound.Host.Trim('[', ']'), out var address)
            && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
        return new UriBuilder(bound.Scheme, isAny ? OfTheMachine().ToString() : bound.Host, bound.Port)
            .Uri.GetLeftPart(UriPartial.Authority);
    }

    /// <summary>The one that a way out of the machine begins at; IPv4 rather than IPv6.</summary>
    private static IPAddress OfTheMachine()
    {
        var found =
            from card in NetworkInterface.GetAllNetworkInterfaces()
            where card.OperationalStatus == OperationalStatus.Up && card.NetworkInterfaceType != NetworkInterfaceType.Loopback
            let properties = card.GetIPProperties()
            from unicast in properties.UnicastAddresses
            where !unicast.Address.IsIPv6LinkLocal
            orderby properties.GatewayAddresses.Count > 0 descending, unicast.Address.AddressFamily == AddressFamily.InterNetwork descending
            select unicast.Address;
        return found.FirstOrDefault(IPAddress.Loopback);
    }
}
