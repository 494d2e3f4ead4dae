namespace Gateway.AspNetCore.Options;

public class ServerOptions
{
    /// <summary>0 = no limit.</summary>
    public int MaxConnections { get; set; } = 100_000;

    /// <summary>From one IPv4 address or one IPv6 /64; 0 = no limit.</summary>
    public int MaxConnectionsPerIp { get; set; }

    /// <summary>Of one user on one replica; 0 = no limit.</summary>
    public int MaxConnectionsPerUser { get; set; }

    /// <summary>Empty: the gateway's own origin, and clients that send no Origin. <c>*</c>: everyone.</summary>
    public IList<string> AllowedOrigins { get; set; } = [];

    /// <summary>Write to the socket past the web server's pipe where that is sound: plain-text HTTP/1.1.</summary>
    public bool DirectSocket { get; set; } = true;

    /// <summary>Where the other replicas reach this one; empty: the machine's own address, and the port.</summary>
    public string AdvertiseAddress { get; set; } = "";

    /// <summary>
    /// What the replicas sign connection tokens and what they tell one another with: one secret of at least 32 bytes, or two while it is rotated. The first signs,
    /// both verify. Empty: derived from <see cref="AuthOptions.SigningKey"/> if that is set, else random (with Redis: only where <see cref="AuthOptions.Mode"/> is none).
    /// </summary>
    public IList<string> TokenKey { get; set; } = [];

    /// <summary>Addresses and networks (10.0.0.0/8) of proxies whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed.</summary>
    public IList<string> TrustedProxies { get; set; } = [];

    /// <summary>Requests for other replicas' connections at a time, 0 to 10000000.</summary>
    public int MaxForwarded { get; set; } = 10_000;
}
