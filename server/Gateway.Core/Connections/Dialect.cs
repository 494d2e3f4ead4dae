namespace Gateway.Core.Connections;

/// <summary>The protocol that a client speaks.</summary>
public enum Dialect : byte
{
    /// <summary>JSON envelopes over a WebSocket.</summary>
    Raw = 0,

    /// <summary>The SignalR JSON protocol, over any SignalR transport.</summary>
    SignalR = 1,

    /// <summary>The protocol of a handler. The gateway does not interpret its frames.</summary>
    Frames = 2,
}

internal static class Dialects
{
    public static IReadOnlyList<Dialect> All { get; } = [Dialect.Raw, Dialect.SignalR, Dialect.Frames];

    /// <summary>The name in logs, metrics and payloads.</summary>
    public static string Name(this Dialect dialect) => dialect switch { Dialect.Raw => "raw", Dialect.SignalR => "signalr", _ => "frames" };
}
