using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>
/// Authenticates a request by its token. A request needs none without <c>auth.mode: jwt</c>, or if the host application has authenticated
/// the user.
/// </summary>
internal sealed class TokenAuthentication(TokenVerifier verifier)
{
    private static readonly Error ConflictingTokens = Error.BadRequest("the request has two tokens that differ");

    /// <param name="allowFirstMessage">Whether the token may come with the first message.</param>
    /// <returns>The error, or <c>null</c>.</returns>
    public ValueTask<Error?> AdmitAsync(HttpContext context, bool allowFirstMessage)
    {
        var (token, conflict) = RequestToken.Take(context.Request);
        if (!verifier.IsOn) return default;
        if (conflict) return new(ConflictingTokens);
        if (token != null) return VerifyAsync(context, token);
        var needsNone = context.User.Identity?.IsAuthenticated == true || (allowFirstMessage && UsesFirstMessage(context));
        return new(needsNone ? null : verifier.Missing());
    }

    /// <summary>Returns whether the client sends its token with the first message.</summary>
    public bool UsesFirstMessage(HttpContext context) =>
        verifier.IsOn && context.User.Identity?.IsAuthenticated != true
            && string.Equals(context.Request.Query["auth"], "message", StringComparison.Ordinal);

    private async ValueTask<Error?> VerifyAsync(HttpContext context, string token)
    {
        var (authenticated, error) = await verifier.VerifyAsync(token);
        if (authenticated != null) context.User = new TokenUser(authenticated);
        return error;
    }
}
