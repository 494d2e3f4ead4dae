namespace Gateway.AspNetCore.WebSockets;

/// <summary>
/// Closing a socket that holds unread bytes resets the connection, and the reset can overtake our close frame. So what the client had
/// already sent is read away, for a bounded time, until it has closed its side.
/// </summary>
internal static class LingeringClose
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    public static async Task ReadAwayAsync(Stream stream)
    {
        using var limit = new CancellationTokenSource(Longest);
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer, limit.Token) > 0)
            {
            }
        }
        catch (Exception over) when (over is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // Gone, or too slow to go: either way there is nothing to wait for.
        }
    }
}
