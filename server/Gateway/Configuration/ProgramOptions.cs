using Gateway.AspNetCore.Admin;
using Gateway.AspNetCore.Options;
using Gateway.Redis.Options;

namespace Gateway.Configuration;

/// <summary>
/// Everything that can be set for the program: the gateway's own options, and those of its process. A property's key is its name in snake_case below its section's, such as
/// <c>server.shutdown_timeout</c>. config/gateway.yaml lists all of them with these defaults, and a test keeps the two equal.
/// </summary>
internal sealed class ProgramOptions : GatewayOptions
{
    public ProgramOptions() => base.Server = new ProgramServerOptions();

    public new ProgramServerOptions Server
    {
        get => (ProgramServerOptions)base.Server;
        set => base.Server = value;
    }

    public MetricsPageOptions Metrics { get; set; } = new();
    public ProgramRedisOptions Redis { get; set; } = new();
    public LoggingOptions Logging { get; set; } = new();
    public ProgramAdminOptions Admin { get; set; } = new();
}

internal sealed class ProgramServerOptions : ServerOptions
{
    public string Host { get; set; } = "0.0.0.0";

    /// <summary>0 to 65535; 0 takes a free port.</summary>
    public int Port { get; set; } = 8080;
    public TlsOptions Tls { get; set; } = new();
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a new TCP connection may take to bring its first request, TLS and headers included; 100ms to 1h.</summary>
    public TimeSpan FirstRequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a client's machine may leave what was sent to it unacknowledged, or its window closed; 1s to 1h.</summary>
    public TimeSpan TcpUserTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Serve the page at <c>/</c> and the description of the messages.</summary>
    public bool Page { get; set; } = true;
}

internal sealed class TlsOptions
{
    public bool Enabled { get; set; }

    /// <summary>PEM certificate, with its chain.</summary>
    public string CertFile { get; set; } = "";

    /// <summary>PEM private key.</summary>
    public string KeyFile { get; set; } = "";
}

internal sealed class MetricsPageOptions
{
    public bool Enabled { get; set; } = true;

    /// <summary>An address, or <c>localhost</c>.</summary>
    public string Host { get; set; } = "localhost";

    /// <summary>0 to 65535; 0 takes a free port.</summary>
    public int Port { get; set; } = 9464;
}

internal sealed class ProgramRedisOptions : RedisOptions
{
    public bool Enabled { get; set; }
}

internal sealed class ProgramAdminOptions : AdminOptions
{
    /// <summary>Where the API listens on a port of its own: an address, or <c>localhost</c>.</summary>
    public string Host { get; set; } = "localhost";

    /// <summary>0: the clients' port.</summary>
    public int Port { get; set; }
}

internal sealed class LoggingOptions
{
    public LogLevel Level { get; set; } = LogLevel.Information;
}
