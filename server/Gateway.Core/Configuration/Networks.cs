using System.Net;

namespace Gateway.Core.Configuration;

/// <summary>Reads an IP address or a network in CIDR notation (RFC 4632).</summary>
internal static class Networks
{
    /// <summary>A single address is the network that holds nothing else.</summary>
    public static bool TryRead(string text, out IPNetwork network)
    {
        if (text.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash)
            // 10.0.0.5/8 is a mistake: nobody knows which of the two was meant.
            return IPNetwork.TryParse(text, out network) && IPAddress.TryParse(text.AsSpan(0, slash), out var first) && network.BaseAddress.Equals(first);
        // IPAddress also reads "80" and "1.2" as addresses; nobody means that.
        network = default;
        if (!(text.Contains(':') || text.Count(character => character == '.') == 3) || !IPAddress.TryParse(text, out var address)) return false;
        network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
        return true;
    }
}
