namespace Gateway.AspNetCore.WebSockets;

/// <summary>
/// Reads and discards what the client still sends, for a limited time, before the socket is closed. Closing a socket with unread bytes
/// resets the connection, and the reset can overtake the close frame.
/// </summary>
internal static class LingeringClose
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public static async Task DrainAsync(Stream stream)
    {
        using var limit = new CancellationTokenSource(Timeout);
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer, limit.Token) > 0)
            {
            }
        }
        catch (Exception over) when (over is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The client has closed, or takes too long.
        }
    }
}
