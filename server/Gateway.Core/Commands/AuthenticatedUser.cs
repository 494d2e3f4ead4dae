using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Commands;

/// <summary>The user of a valid token, and how long the token is valid.</summary>
internal sealed record AuthenticatedUser(UserIdentity User, TokenExpiry Term)
{
    /// <summary>Longer tokens are refused unread.</summary>
    public const int MaxTokenLength = 16 * 1024;
}

/// <summary>
/// Checks a token; the core does not know the format of tokens. An error is 401, or 503 while the keys are not available.
/// </summary>
internal delegate ValueTask<(AuthenticatedUser? AuthenticatedUser, Error? Error)> VerifyToken(string token);
