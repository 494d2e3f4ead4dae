namespace Gateway.Core.Wire;

/// <summary>How a message's bytes look on one kind of connection: its dialect, and whether they stand in a WebSocket frame.</summary>
internal enum FrameFormat : byte
{
    /// <summary>The JSON envelope in a WebSocket text frame.</summary>
    RawWebSocket = 0,

    /// <summary>A SignalR JSON record in a WebSocket text frame.</summary>
    SignalRWebSocket = 1,

    /// <summary>A SignalR JSON record by itself: server-sent events and long polling add their own framing.</summary>
    SignalRRecord = 2,

    /// <summary>The data of an opaque message in a WebSocket frame of its opcode.</summary>
    Frames = 3,
}

internal static class FrameFormats
{
    public const int Count = 4;
}
