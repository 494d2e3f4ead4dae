namespace Gateway.Core.Connections;

/// <summary>When the token of a connection expires.</summary>
/// <param name="expiresAt">The token's <c>exp</c>, which the client gets.</param>
/// <param name="endsAt">When the connection is closed: <c>exp</c>, or later for a token that was accepted within the clock skew.</param>
/// <param name="warning">How long before the expiry the client gets a warning.</param>
internal sealed class TokenExpiry(DateTimeOffset expiresAt, DateTimeOffset endsAt, TimeSpan warning)
{
    public DateTimeOffset ExpiresAt => expiresAt;

    public DateTimeOffset EndsAt => endsAt;

    /// <summary>Whether the client got the warning. Set only by the sweep.</summary>
    internal bool Warned { get; set; }

    internal bool IsOver(DateTimeOffset now) => now >= endsAt;

    internal bool IsDueForWarning(DateTimeOffset now) => !Warned && expiresAt - now <= warning;
}
