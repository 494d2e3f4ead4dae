using System.Net;

namespace Gateway.Core.Configuration;

/// <summary>Reads an IP address or a network in CIDR notation (RFC 4632).</summary>
internal static class Networks
{
    /// <summary>Reads a network. A single address is a network of one.</summary>
    public static bool TryRead(string text, out IPNetwork network)
    {
        if (text.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash)
            // 10.0.0.5/8 is ambiguous: it may mean the address or the network.
            return IPNetwork.TryParse(text, out network) && IPAddress.TryParse(text.AsSpan(0, slash), out var first)
                && network.BaseAddress.Equals(first);
        // IPAddress also accepts "80" and "1.2", which are mistakes.
        network = default;
        var isComplete = text.Contains(':') || text.Count(character => character == '.') == 3;
        if (!isComplete || !IPAddress.TryParse(text, out var address)) return false;
        network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
        return true;
    }
}
