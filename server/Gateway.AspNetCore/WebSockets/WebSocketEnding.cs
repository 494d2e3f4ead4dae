using System.Net.WebSockets;
using Gateway.Core.Connections;

namespace Gateway.AspNetCore.WebSockets;

/// <summary>Records why a WebSocket has ended.</summary>
internal static class WebSocketEnding
{
    /// <param name="fault">The error that ended the read; <c>null</c> after a close frame, or if unknown.</param>
    public static void Record(Connection connection, WebSocket? webSocket, Exception? fault = null)
    {
        if (webSocket is { CloseStatus: { } code })
            connection.TrySetEnd(ConnectionEnd.ByClient((int)code, webSocket.CloseStatusDescription));
        else if (IsViolation(fault)) connection.TrySetEnd(new ConnectionEnd(DisconnectReason.ProtocolError));
        else if (fault != null) connection.RecordFault(fault);
    }

    /// <summary>The framework has closed with 1002, 1007 or 1009.</summary>
    private static bool IsViolation(Exception? fault) =>
        fault is WebSocketException { InnerException: null, WebSocketErrorCode: not WebSocketError.ConnectionClosedPrematurely };
}
