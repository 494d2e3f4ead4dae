namespace Gateway.Core.Connections;

/// <summary>How a client speaks.</summary>
public enum Dialect : byte
{
    Raw = 0,
    SignalR = 1,
}

public static class Dialects
{
    /// <summary>The name in logs, metrics and payloads.</summary>
    public static string Name(this Dialect dialect) => dialect == Dialect.Raw ? "raw" : "signalr";
}
