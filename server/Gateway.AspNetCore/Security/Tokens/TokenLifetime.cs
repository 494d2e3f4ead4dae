namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>Checks when a token is valid: <c>nbf</c>, <c>exp</c> and <c>iat</c> (RFC 7519 section 4.1), and its maximum lifetime.</summary>
/// <param name="skew">How much the issuer's clock may differ.</param>
/// <param name="maxLifetime">How long a revocation is remembered. A token with a longer lifetime would become valid again once the
/// revocation is forgotten.</param>
internal sealed class TokenLifetime(TimeSpan skew, TimeSpan maxLifetime)
{
    public const string TooLong = "lives too long";
    private const string TooEarly = "not valid yet";
    private const string Expired = "expired";
    private const string FromTheFuture = "issued in the future";

    /// <summary>Gets the reasons that <see cref="Check"/> may return.</summary>
    public static IReadOnlyList<string> Reasons { get; } = [TooEarly, Expired, FromTheFuture, TooLong];

    /// <returns>The reason why the token is not valid, or <c>null</c>.</returns>
    public string? Check(TokenClaims claims, DateTimeOffset now)
    {
        if (claims.NotBefore is { } start && start - skew > now) return TooEarly;
        if (claims.ExpiresAt <= now - skew) return Expired;
        if (claims.IssuedAt is { } issued && issued - skew > now) return FromTheFuture; // no revocation would apply to it
        // Without iat only the remaining lifetime is known.
        return claims.ExpiresAt - (claims.IssuedAt ?? now) > maxLifetime ? TooLong : null;
    }

    /// <summary>Returns when the connection ends. A token that has expired within the clock skew is valid for the rest of it.</summary>
    public DateTimeOffset ExpiryOf(TokenClaims claims, DateTimeOffset now) =>
        claims.ExpiresAt > now ? claims.ExpiresAt : claims.ExpiresAt + skew;
}
