using System.Security.Claims;
using Gateway.Core.Commands;

namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>
/// The user of a request with a valid token. As <c>HttpContext.User</c> it is also on the copy of the request that long polling makes.
/// </summary>
internal sealed class TokenUser(AuthenticatedUser authenticated) : ClaimsPrincipal(IdentityOf(authenticated))
{
    public AuthenticatedUser AuthenticatedUser => authenticated;

    private static ClaimsIdentity IdentityOf(AuthenticatedUser authenticated)
    {
        var user = authenticated.User;
        var identity = new ClaimsIdentity("Bearer", ClaimTypes.Name, ClaimTypes.Role);
        identity.AddClaim(new Claim(ClaimTypes.NameIdentifier, user.Id));
        identity.AddClaim(new Claim(ClaimTypes.Name, user.Name));
        if (user.ClientId is { } client) identity.AddClaim(new Claim("azp", client));
        foreach (var role in user.Roles) identity.AddClaim(new Claim(ClaimTypes.Role, role));
        return identity;
    }
}
