namespace Gateway.Core.Wire;

/// <summary>The format of a message's bytes: the dialect, with or without a WebSocket frame.</summary>
internal enum FrameFormat : byte
{
    /// <summary>The JSON envelope in a WebSocket text frame.</summary>
    RawWebSocket = 0,

    /// <summary>A SignalR JSON record in a WebSocket text frame.</summary>
    SignalRWebSocket = 1,

    /// <summary>A SignalR JSON record. Server-sent events and long polling add their own framing.</summary>
    SignalRRecord = 2,

    /// <summary>The data of an opaque message in a WebSocket frame of its opcode.</summary>
    Frames = 3,
}

internal static class FrameFormats
{
    public const int Count = 4;
}
