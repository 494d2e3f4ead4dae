namespace Gateway.AspNetCore.Options;

/// <summary>Options for connections in general.</summary>
public class ServerOptions
{
    /// <summary>Gets or sets the maximum number of connections, from 0 to 10000000; 0 means no limit. The default is 100000.</summary>
    public int MaxConnections { get; set; } = 100_000;

    /// <summary>
    /// Gets or sets the maximum number of connections from one address (IPv6: one /64 network); 0, the default, means no limit.
    /// </summary>
    public int MaxConnectionsPerIp { get; set; }

    /// <summary>Gets or sets the maximum number of connections of one user on one replica; 0, the default, means no limit.</summary>
    public int MaxConnectionsPerUser { get; set; }

    /// <summary>
    /// Gets or sets the origins (<c>scheme://host[:port]</c>) of pages that may connect; <c>*</c> stands for every origin. If empty, the
    /// default, the gateway accepts its own origin, and clients that send none.
    /// </summary>
    public IList<string> AllowedOrigins { get; set; } = [];

    /// <summary>
    /// Gets or sets whether the gateway writes to the socket directly, rather than through the web server's pipe. Applies to plain-text
    /// HTTP/1.1. The default is <see langword="true"/>.
    /// </summary>
    public bool DirectSocket { get; set; } = true;

    /// <summary>
    /// Gets or sets the address at which the other replicas reach this one, such as <c>http://10.0.0.5:8080</c>. If empty, the default, it
    /// is the machine's own address and the port of the server.
    /// </summary>
    public string AdvertiseAddress { get; set; } = "";

    /// <summary>
    /// Gets or sets the secret that signs connection tokens and the requests between replicas, at least 32 bytes and the same on all
    /// replicas. During a rotation, set two: the first signs, both verify. If empty, the default, it is derived from
    /// <see cref="AuthOptions.SigningKey"/>, or random without one. Required with Redis and <see cref="AuthMode.Jwt"/> if there is no
    /// signing key.
    /// </summary>
    public IList<string> TokenKey { get; set; } = [];

    /// <summary>
    /// Gets or sets the addresses and networks (<c>10.0.0.0/8</c>) of proxies whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c>
    /// headers are trusted. The default is none.
    /// </summary>
    public IList<string> TrustedProxies { get; set; } = [];

    /// <summary>
    /// Gets or sets the maximum number of requests that are being forwarded to other replicas, from 0 to 10000000. Further ones get status
    /// 503. The default is 10000.
    /// </summary>
    public int MaxForwarded { get; set; } = 10_000;
}
