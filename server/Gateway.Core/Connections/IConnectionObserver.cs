namespace Gateway.Core.Connections;

/// <summary>
/// Is told of connections of every dialect, transport and domain on this replica. An observer sees; it cannot refuse a connection, which is
/// for admission. Its calls run beside the connection: the client does not wait for them.
/// </summary>
public interface IConnectionObserver
{
    /// <summary>
    /// A connection is in its first rooms and has its <c>welcome</c> queued. Its first command may be carried out before this is called.
    /// </summary>
    /// <param name="cancel">Cancelled after 10 seconds: the call is given up then.</param>
    ValueTask OnConnectedAsync(ClientConnection connection, CancellationToken cancel) => ValueTask.CompletedTask;

    /// <summary>
    /// The connection has ended and has left its rooms. Called exactly once for each <see cref="OnConnectedAsync"/>, after that call has
    /// ended or was given up.
    /// </summary>
    /// <param name="end">Why it ended, with the close code and text that the client sent.</param>
    /// <param name="cancel">Cancelled after 10 seconds: the call is given up then.</param>
    ValueTask OnDisconnectedAsync(ClientConnection connection, ConnectionEnd end, CancellationToken cancel) => ValueTask.CompletedTask;
}
