namespace Gateway.AspNetCore.Options;

/// <summary>Options for an endpoint that a built-in frame handler serves.</summary>
public sealed class HandlerOptions
{
    /// <summary>Gets or sets the path of the endpoint. Required.</summary>
    public string Path { get; set; } = "";

    /// <summary>Gets or sets the handler. The default is <see cref="BuiltInHandler.Echo"/>.</summary>
    public BuiltInHandler Handler { get; set; }

    /// <summary>Gets or sets the name of the domain. If empty, the default, it is the default domain.</summary>
    public string Hub { get; set; } = "";

    /// <summary>
    /// Gets or sets whether <see cref="BuiltInHandler.Relay"/> sends a frame to its sender too. The default is <see langword="true"/>.
    /// </summary>
    public bool Echo { get; set; } = true;

    /// <summary>
    /// Gets or sets how often <see cref="BuiltInHandler.Clock"/> and <see cref="BuiltInHandler.Echo"/> send the time, from 10 milliseconds
    /// to 1 hour. The default is 30 seconds.
    /// </summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>Specifies a built-in frame handler.</summary>
public enum BuiltInHandler
{
    /// <summary>Sends every frame back. With <c>?time</c> in the query, it also sends the server's time.</summary>
    Echo,

    /// <summary>Sends every frame to all relay connections of the domain, on all replicas.</summary>
    Relay,

    /// <summary>Sends the server's time.</summary>
    Clock,
}
