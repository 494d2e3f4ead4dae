using System.Collections.Frozen;
using System.Security.Claims;
using System.Text.Json;
using Gateway.AspNetCore.Security.Tokens;
using Gateway.Core.Commands;
using Gateway.Core.Connections;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// The authenticated user of a forwarded request: the claims and expiry of its token, or the identities that the host application has
/// authenticated. The token itself is not forwarded.
/// </summary>
internal sealed record ForwardedUser(ForwardedToken? Token, IReadOnlyList<ForwardedIdentity>? Identities)
{
    /// <summary>The maximum size that a replica accepts. A token has at most 16 KiB.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <returns>Empty if the user is not authenticated.</returns>
    public static ReadOnlyMemory<byte> Write(ClaimsPrincipal user)
    {
        ForwardedUser? forwarded = user switch
        {
            TokenUser { AuthenticatedUser: var authenticated } => new(ForwardedToken.Of(authenticated), null),
            { Identity.IsAuthenticated: true } => new(null, [.. user.Identities.Select(ForwardedIdentity.Of)]),
            _ => null,
        };
        return forwarded == null ? default : JsonSerializer.SerializeToUtf8Bytes(forwarded, ForwardedJson.Default.ForwardedUser);
    }

    /// <summary>See <see cref="Write"/>.</summary>
    /// <param name="user">The bytes, verified to be from a replica.</param>
    public static ForwardedUser Read(ReadOnlySpan<byte> user) => JsonSerializer.Deserialize(user, ForwardedJson.Default.ForwardedUser)!;

    /// <returns><c>null</c> if the token has expired.</returns>
    public ClaimsPrincipal? ToPrincipal(TimeSpan expiryWarning, DateTimeOffset now)
    {
        if (Token == null) return new ClaimsPrincipal(Identities!.Select(identity => identity.ToIdentity()));
        var authenticated = Token.ToAuthenticatedUser(expiryWarning);
        return now < authenticated.Term.EndsAt ? new TokenUser(authenticated) : null;
    }
}

/// <summary>The claims of a valid token.</summary>
/// <param name="ExpiresAt">Unix milliseconds, like all times here.</param>
internal sealed record ForwardedToken(
    string Id, string Name, string? ClientId, string? SessionId, IReadOnlyList<string> Roles, long ExpiresAt, long EndsAt)
{
    public static ForwardedToken Of(AuthenticatedUser authenticated) => new(
        authenticated.User.Id, authenticated.User.Name, authenticated.User.ClientId, authenticated.User.SessionId,
        [.. authenticated.User.Roles],
        authenticated.Term.ExpiresAt.ToUnixTimeMilliseconds(), authenticated.Term.EndsAt.ToUnixTimeMilliseconds());

    public AuthenticatedUser ToAuthenticatedUser(TimeSpan expiryWarning) => new(
        new UserIdentity(Id, Name, ClientId) { Roles = Roles.ToFrozenSet(StringComparer.Ordinal), SessionId = SessionId },
        new TokenExpiry(
            DateTimeOffset.FromUnixTimeMilliseconds(ExpiresAt), DateTimeOffset.FromUnixTimeMilliseconds(EndsAt), expiryWarning));
}

/// <summary>One identity of a user whom the host application has authenticated.</summary>
internal sealed record ForwardedIdentity(string? AuthenticationType, string NameType, string RoleType, IReadOnlyList<ForwardedClaim> Claims)
{
    public static ForwardedIdentity Of(ClaimsIdentity identity) => new(
        identity.AuthenticationType, identity.NameClaimType, identity.RoleClaimType,
        [.. identity.Claims.Select(claim => new ForwardedClaim(claim.Type, claim.Value, claim.ValueType, claim.Issuer))]);

    public ClaimsIdentity ToIdentity() => new(
        Claims.Select(claim => new Claim(claim.Type, claim.Value, claim.ValueType, claim.Issuer)), AuthenticationType, NameType, RoleType);
}

internal sealed record ForwardedClaim(string Type, string Value, string ValueType, string Issuer);
