namespace Gateway.Client.Connections;

internal enum EndingKind
{
    /// <summary>We closed it.</summary>
    Left,

    /// <summary>The gateway said that it stops; it has not closed yet.</summary>
    Shutdown,

    /// <summary>A close frame came, or the network broke.</summary>
    Closed,

    /// <summary>Nothing came any more.</summary>
    Dead,

    /// <summary>There was no connection.</summary>
    Refused,
}

/// <summary>How a connection ended, or why there was none.</summary>
/// <param name="Code">The close frame's, or the HTTP status; 0 if neither is known.</param>
internal sealed record Ending(EndingKind Kind, int Code, string Reason)
{
    private const int Policy = 1008;

    public GatewayException Error =>
        new(Code == 0 ? GatewayErrors.Closed : Code.ToString(System.Globalization.CultureInfo.InvariantCulture), Reason);

    /// <summary>It would be refused again.</summary>
    /// <param name="canRenew">There is a token provider.</param>
    public bool IsForGood(bool canRenew) => Kind switch
    {
        EndingKind.Left => true,
        EndingKind.Refused => Code is 400 or 401 or 403,
        EndingKind.Closed => Code == Policy && Reason != "slow consumer" && !(canRenew && Reason == "token expired"),
        _ => false,
    };
}
