namespace Gateway.AspNetCore.Options;

/// <summary>Options for the WebSocket endpoint of raw clients. The limits and timeouts also apply to frame handlers.</summary>
public sealed class RawOptions
{
    /// <summary>Gets or sets the path of the endpoint. The default is <c>/ws</c>.</summary>
    public string Path { get; set; } = "/ws";

    /// <summary>
    /// Gets or sets the maximum size of a client's message in bytes, from 128 to 16777216. A longer message closes the connection. The
    /// default is 32768.
    /// </summary>
    public int MaxMessageBytes { get; set; } = 32768;

    /// <summary>Gets or sets how long one write to a client may take, from 10 milliseconds to 1 hour. The default is 10 seconds.</summary>
    public TimeSpan WriteWait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets how often the gateway pings a client, from 10 milliseconds to 1 hour. The default is 54 seconds.</summary>
    public TimeSpan PingPeriod { get; set; } = TimeSpan.FromSeconds(54);

    /// <summary>
    /// Gets or sets how long a client may be silent, and how long a message may take to arrive, before the connection is closed. Must be
    /// greater than <see cref="PingPeriod"/>, and at most 1 hour. The default is 60 seconds.
    /// </summary>
    public TimeSpan PongWait { get; set; } = TimeSpan.FromSeconds(60);
}

/// <summary>Options for the hub endpoint of SignalR clients.</summary>
public sealed class SignalROptions
{
    /// <summary>Gets or sets the path of the hub. The default is <c>/hub</c>.</summary>
    public string Path { get; set; } = "/hub";

    /// <summary>
    /// Gets or sets how long a client may be silent before the connection is closed, from 10 milliseconds to 1 hour. Stock clients send
    /// something every 15 seconds. The default is 30 seconds.
    /// </summary>
    public TimeSpan ClientTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Gets or sets the maximum number of negotiations that have not become a connection yet; 0 means no limit. Further ones get status
    /// 503. The default is 10000.
    /// </summary>
    public int MaxPendingNegotiations { get; set; } = 10_000;

    /// <summary>
    /// Gets or sets the maximum number of pending negotiations of one address (IPv6: one /64 network); 0 means no limit. Further ones get
    /// status 429. The default is 1000.
    /// </summary>
    public int MaxPendingNegotiationsPerIp { get; set; } = 1_000;
}
