using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>
/// Lets a request in that has a good token, and one that needs none: without <c>auth.mode: jwt</c>, or of a user whom the host application
/// has authenticated.
/// </summary>
internal sealed class TokenAuthentication(TokenVerifier verifier)
{
    private static readonly Error TokensDiffer = Error.BadRequest("the request has two tokens that differ");

    /// <param name="mayFollow">The token may come as the first message, if the client says so.</param>
    /// <returns>Why not.</returns>
    public ValueTask<Error?> AdmitAsync(HttpContext context, bool mayFollow)
    {
        var (token, differ) = RequestToken.Take(context.Request);
        if (!verifier.IsOn) return default;
        if (differ) return new(TokensDiffer);
        if (token != null) return VerifyAsync(context, token);
        var needsNone = context.User.Identity?.IsAuthenticated == true || (mayFollow && AwaitsMessage(context));
        return new(needsNone ? null : verifier.Missing());
    }

    /// <summary>The client has asked to be let in with its first message.</summary>
    public bool AwaitsMessage(HttpContext context) =>
        verifier.IsOn && context.User.Identity?.IsAuthenticated != true
            && string.Equals(context.Request.Query["auth"], "message", StringComparison.Ordinal);

    private async ValueTask<Error?> VerifyAsync(HttpContext context, string token)
    {
        var (bearer, error) = await verifier.VerifyAsync(token);
        if (bearer != null) context.User = new TokenUser(bearer);
        return error;
    }
}
