namespace Gateway.AspNetCore.Options;

/// <summary>An endpoint that a built-in handler serves.</summary>
public sealed class HandlerOptions
{
    public string Path { get; set; } = "";
    public BuiltInHandler Handler { get; set; }

    /// <summary>Empty: the default one.</summary>
    public string Hub { get; set; } = "";

    /// <summary>Of the relay: its sender gets a frame, too.</summary>
    public bool Echo { get; set; } = true;

    /// <summary>Of clock and echo: how often the time is sent, 10ms to 1h.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(30);
}

public enum BuiltInHandler
{
    /// <summary>What comes goes back; with <c>?time</c> in the query the server's time as well.</summary>
    Echo,

    /// <summary>What comes goes to every relay connection of the hub, on all replicas.</summary>
    Relay,

    /// <summary>The server's time.</summary>
    Clock,
}
