using System.Collections.Frozen;
using System.Security.Claims;
using System.Text.Json;
using Gateway.AspNetCore.Security.Tokens;
using Gateway.Core.Commands;
using Gateway.Core.Connections;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// The authenticated user of a forwarded request: what its token says, the token's term included; or whom the host application has
/// authenticated. The token itself stays where it was checked.
/// </summary>
internal sealed record ForwardedUser(ForwardedToken? Token, IReadOnlyList<ForwardedIdentity>? Identities)
{
    /// <summary>A bound for the receiver. A token has at most 16 KiB.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <returns>Empty if the user is not authenticated.</returns>
    public static ReadOnlyMemory<byte> Write(ClaimsPrincipal user)
    {
        ForwardedUser? forwarded = user switch
        {
            TokenUser { AuthenticatedUser: var bearer } => new(ForwardedToken.Of(bearer), null),
            { Identity.IsAuthenticated: true } => new(null, [.. user.Identities.Select(ForwardedIdentity.Of)]),
            _ => null,
        };
        return forwarded == null ? default : JsonSerializer.SerializeToUtf8Bytes(forwarded, ForwardedJson.Default.ForwardedUser);
    }

    /// <summary>See <see cref="Write"/>.</summary>
    /// <param name="user">Verified: one of the replicas has written it.</param>
    public static ForwardedUser Read(ReadOnlySpan<byte> user) => JsonSerializer.Deserialize(user, ForwardedJson.Default.ForwardedUser)!;

    /// <returns><c>null</c>: the token is over.</returns>
    public ClaimsPrincipal? ToPrincipal(TimeSpan expiryWarning, DateTimeOffset now)
    {
        if (Token == null) return new ClaimsPrincipal(Identities!.Select(identity => identity.ToIdentity()));
        var bearer = Token.ToBearer(expiryWarning);
        return now < bearer.Term.EndsAt ? new TokenUser(bearer) : null;
    }
}

/// <summary>What a token says that has been found good.</summary>
/// <param name="ExpiresAt">Unix milliseconds, as all times here.</param>
internal sealed record ForwardedToken(
    string Id, string Name, string? ClientId, string? SessionId, IReadOnlyList<string> Roles, long ExpiresAt, long EndsAt)
{
    public static ForwardedToken Of(AuthenticatedUser bearer) => new(
        bearer.User.Id, bearer.User.Name, bearer.User.ClientId, bearer.User.SessionId, [.. bearer.User.Roles],
        bearer.Term.ExpiresAt.ToUnixTimeMilliseconds(), bearer.Term.EndsAt.ToUnixTimeMilliseconds());

    public AuthenticatedUser ToBearer(TimeSpan expiryWarning) => new(
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
