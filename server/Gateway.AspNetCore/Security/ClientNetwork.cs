using System.Net;
using System.Net.Sockets;

namespace Gateway.AspNetCore.Security;

/// <summary>
/// The network that limits per address count by: an IPv4 address, or the /64 prefix of an IPv6 address, which usually belongs to a single
/// machine.
/// </summary>
internal static class ClientNetwork
{
    private const int PrefixBytes = 8;

    public static IPAddress Of(HttpContext context) => Of(context.Connection.RemoteIpAddress);

    public static IPAddress Of(IPAddress? address)
    {
        if (address == null) return IPAddress.None;
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(PrefixBytes).Clear();
        return new IPAddress(bytes);
    }
}
