namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>When a token is good: <c>nbf</c>, <c>exp</c> and <c>iat</c> (RFC 7519 section 4.1), and how long it may live at all.</summary>
/// <param name="skew">By how much the issuer's clock may differ.</param>
/// <param name="longest">How long a revocation is remembered. A token that lives longer would be good again once its user's revocation is
/// forgotten.</param>
internal sealed class TokenLifetime(TimeSpan skew, TimeSpan longest)
{
    public const string TooLong = "lives too long";
    private const string TooEarly = "not valid yet";
    private const string Expired = "expired";
    private const string FromTheFuture = "issued in the future";

    /// <summary>What <see cref="Check"/> may find.</summary>
    public static IReadOnlyList<string> Reasons { get; } = [TooEarly, Expired, FromTheFuture, TooLong];

    /// <returns>What is wrong, or <c>null</c>.</returns>
    public string? Check(TokenClaims claims, DateTimeOffset now)
    {
        if (claims.NotBefore is { } start && start - skew > now) return TooEarly;
        if (claims.ExpiresAt <= now - skew) return Expired;
        if (claims.IssuedAt is { } issued && issued - skew > now) return FromTheFuture; // no revocation would reach it
        // Without iat only the rest of its life is known.
        return claims.ExpiresAt - (claims.IssuedAt ?? now) > longest ? TooLong : null;
    }

    /// <summary>When the connection ends. A token that comes within the tolerance is good for what is left of it.</summary>
    public DateTimeOffset EndOf(TokenClaims claims, DateTimeOffset now) =>
        claims.ExpiresAt > now ? claims.ExpiresAt : claims.ExpiresAt + skew;
}
