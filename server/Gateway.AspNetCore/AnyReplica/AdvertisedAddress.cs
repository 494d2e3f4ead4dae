using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Gateway.AspNetCore.Options;
using Gateway.Core.Replicas;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// The address at which the other replicas reach this one: the configured one, or else the machine's own address and the clients' port.
/// </summary>
internal sealed class AdvertisedAddress(GatewayOptions options, ReplicaStatus own, IServer server) : IHostedLifecycleService
{
    /// <summary>
    /// Sets the address from the configuration, before the server listens, so that the other replicas know it before clients connect.
    /// </summary>
    /// <param name="listening">The address at which the server will listen. Port 0 is not known yet.</param>
    public void SetFromConfiguration(Uri listening)
    {
        if (listening.Port != 0) own.Address = Reachable(listening);
    }

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (options.Server.AdvertiseAddress.Length > 0) own.Address = options.Server.AdvertiseAddress;
        return Task.CompletedTask;
    }

    /// <summary>Reads the address from the server. In other hosts it is known only now.</summary>
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
        return new UriBuilder(bound.Scheme, isAny ? FindMachineAddress().ToString() : bound.Host, bound.Port)
            .Uri.GetLeftPart(UriPartial.Authority);
    }

    /// <summary>Returns an address of a network with a default route, IPv4 if possible.</summary>
    private static IPAddress FindMachineAddress()
    {
        var addresses =
            from network in NetworkInterface.GetAllNetworkInterfaces()
            where network.OperationalStatus == OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback
            let properties = network.GetIPProperties()
            from unicast in properties.UnicastAddresses
            where !unicast.Address.IsIPv6LinkLocal
            orderby properties.GatewayAddresses.Count > 0 descending, unicast.Address.AddressFamily == AddressFamily.InterNetwork descending
            select unicast.Address;
        return addresses.FirstOrDefault(IPAddress.Loopback);
    }
}
