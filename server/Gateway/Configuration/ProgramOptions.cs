using Gateway.AspNetCore.Admin;
using Gateway.AspNetCore.Options;
using Gateway.Redis.Options;

namespace Gateway.Configuration;

/// <summary>
/// All settings of the program: the gateway's options and those of its process. The key of a property is its name in snake_case after that
/// of its section, such as <c>server.shutdown_timeout</c>. config/gateway.yaml lists all of them with these defaults; a test compares the
/// two.
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

/// <summary>The keys of <c>server</c> that only the program has.</summary>
internal sealed class ProgramServerOptions : ServerOptions
{
    /// <summary>The address to listen on, or <c>localhost</c>.</summary>
    public string Host { get; set; } = "0.0.0.0";

    /// <summary>The clients' port, 0 to 65535; 0 takes a free one.</summary>
    public int Port { get; set; } = 8080;

    public TlsOptions Tls { get; set; } = new();

    /// <summary>How long a shutdown may take.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a new TCP connection may take to send its first request, including TLS and headers: 100 ms to 1 h.</summary>
    public TimeSpan FirstRequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a client's system may leave sent data unacknowledged, or its window closed: 1 s to 1 h.</summary>
    public TimeSpan TcpUserTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Whether to serve the page at <c>/</c> and the AsyncAPI document.</summary>
    public bool Page { get; set; } = true;
}

/// <summary>The keys of <c>server.tls</c>.</summary>
internal sealed class TlsOptions
{
    public bool Enabled { get; set; }

    /// <summary>A PEM certificate with its chain.</summary>
    public string CertFile { get; set; } = "";

    /// <summary>The certificate's PEM private key.</summary>
    public string KeyFile { get; set; } = "";
}

/// <summary>The keys of <c>metrics</c>.</summary>
internal sealed class MetricsPageOptions
{
    public bool Enabled { get; set; } = true;

    /// <summary>The address to listen on, or <c>localhost</c>.</summary>
    public string Host { get; set; } = "localhost";

    /// <summary>The port for operators, 0 to 65535; 0 takes a free one.</summary>
    public int Port { get; set; } = 9464;
}

/// <summary>The keys of <c>redis</c>.</summary>
internal sealed class ProgramRedisOptions : RedisOptions
{
    public bool Enabled { get; set; }
}

/// <summary>The keys of <c>admin</c>.</summary>
internal sealed class ProgramAdminOptions : AdminOptions
{
    /// <summary>The address of the admin API's own port, or <c>localhost</c>.</summary>
    public string Host { get; set; } = "localhost";

    /// <summary>The admin API's own port; 0 for the clients' port.</summary>
    public int Port { get; set; }
}

/// <summary>The keys of <c>logging</c>.</summary>
internal sealed class LoggingOptions
{
    public LogLevel Level { get; set; } = LogLevel.Information;
}
