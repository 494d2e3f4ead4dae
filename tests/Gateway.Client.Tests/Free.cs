using System.Net;
using System.Net.Sockets;

namespace Gateway.Client.Tests;

internal static class Free
{
    public static int Port()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
