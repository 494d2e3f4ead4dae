namespace Gateway.Core.Connections;

/// <summary>How long a token lets its connection live.</summary>
/// <param name="expiresAt">The token's <c>exp</c>, as the client is told it.</param>
/// <param name="endsAt">When the connection is closed: the same, or a little later for a token that came within the tolerance for clocks that differ.</param>
/// <param name="warning">How long ahead of its expiry the client is told.</param>
internal sealed class TokenExpiry(DateTimeOffset expiresAt, DateTimeOffset endsAt, TimeSpan warning)
{
    public DateTimeOffset ExpiresAt => expiresAt;

    public DateTimeOffset EndsAt => endsAt;

    /// <summary>The client has been told. Set by the sweep alone.</summary>
    internal bool Warned { get; set; }

    internal bool IsOver(DateTimeOffset now) => now >= endsAt;

    internal bool IsDueForWarning(DateTimeOffset now) => !Warned && expiresAt - now <= warning;
}
