namespace Gateway.Core.Connections;

/// <summary>How a client speaks.</summary>
public enum Dialect : byte
{
    Raw = 0,
    SignalR = 1,

    /// <summary>A conversation of its own: what the frames hold is between the client and its handler.</summary>
    Frames = 2,
}

internal static class Dialects
{
    public static IReadOnlyList<Dialect> All { get; } = [Dialect.Raw, Dialect.SignalR, Dialect.Frames];

    /// <summary>The name in logs, metrics and payloads.</summary>
    public static string Name(this Dialect dialect) => dialect switch { Dialect.Raw => "raw", Dialect.SignalR => "signalr", _ => "frames" };
}
