using System.Security.Claims;
using Gateway.Core.Commands;

namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>
/// The request's user once its token has been found good. As <c>HttpContext.User</c> it goes wherever the request goes, also onto the copy
/// that long polling makes of it.
/// </summary>
internal sealed class TokenUser(AuthenticatedUser bearer) : ClaimsPrincipal(IdentityOf(bearer))
{
    public AuthenticatedUser AuthenticatedUser => bearer;

    private static ClaimsIdentity IdentityOf(AuthenticatedUser bearer)
    {
        var user = bearer.User;
        var identity = new ClaimsIdentity("Bearer", ClaimTypes.Name, ClaimTypes.Role);
        identity.AddClaim(new Claim(ClaimTypes.NameIdentifier, user.Id));
        identity.AddClaim(new Claim(ClaimTypes.Name, user.Name));
        if (user.ClientId is { } client) identity.AddClaim(new Claim("azp", client));
        foreach (var role in user.Roles) identity.AddClaim(new Claim(ClaimTypes.Role, role));
        return identity;
    }
}
