using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Gateway.SampleHubs.Identity;

/// <summary>
/// The application's own authentication: a token <c>name</c> or <c>name.role</c>, in the header <c>Authorization</c>, in the header
/// <c>X-Token</c> or, as browsers have to with a WebSocket, in the query.
/// </summary>
public sealed class TokenAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public new const string Scheme = "Sample";

    private const string Bearer = "Bearer ";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        var token = header.StartsWith(Bearer, StringComparison.Ordinal) ? header[Bearer.Length..]
            : Request.Headers["X-Token"] is [{ } own, ..] ? own
            : Request.Query["access_token"].ToString();
        if (token.Length == 0) return Task.FromResult(AuthenticateResult.NoResult());
        if (token == "wrong") return Task.FromResult(AuthenticateResult.Fail("the token is wrong"));
        var parts = token.Split('.');
        var identity = new ClaimsIdentity(Scheme, "name", "role");
        identity.AddClaim(new Claim("name", parts[0]));
        if (parts.Length > 1) identity.AddClaim(new Claim("role", parts[1]));
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme)));
    }
}
