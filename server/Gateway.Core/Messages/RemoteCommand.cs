namespace Gateway.Core.Messages;

/// <summary>What a <see cref="RemoteCommand"/> does.</summary>
public enum RemoteAction
{
    /// <summary>Joins the connection to a room.</summary>
    Join,

    /// <summary>Removes the connection from a room.</summary>
    Leave,

    /// <summary>Invokes a method on the client and returns its result.</summary>
    Invoke,
}

/// <summary>A command to the replica that has a connection.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="Action">What to do.</param>
/// <param name="Name">The room, or the client's method.</param>
public sealed record RemoteCommand(string ConnectionId, RemoteAction Action, string Name)
{
    /// <summary>The arguments of the client's method: one JSON value, or an array of them (<see cref="IsArgumentList"/>).</summary>
    public ReadOnlyMemory<byte> Arguments { get; init; }

    /// <summary>Whether <see cref="Arguments"/> is an array of none, or of two or more arguments.</summary>
    public bool IsArgumentList { get; init; }
}

/// <summary>The outcome of a <see cref="RemoteCommand"/>.</summary>
/// <param name="Error">
/// <c>null</c> if the command was executed; <see cref="Messages.Error.NoSuchConnection"/> if no replica has the connection, or it ended
/// meanwhile; otherwise the error.
/// </param>
/// <param name="Value">What the client returned: one JSON value in UTF-8; empty for nothing.</param>
public readonly record struct RemoteResult(Error? Error, ReadOnlyMemory<byte> Value = default)
{
    /// <summary>The error as a result.</summary>
    public static implicit operator RemoteResult(Error? error) => new(error);
}
