using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.Core.Commands;

/// <summary>Whom a good token speaks for, and for how long.</summary>
internal sealed record AuthenticatedUser(UserIdentity User, TokenExpiry Term)
{
    /// <summary>Longer ones are not looked at.</summary>
    public const int MaxTokenLength = 16 * 1024;
}

/// <summary>Checks a token; the core does not know what tokens look like. An error is 401, or 503 where the keys cannot be had.</summary>
internal delegate ValueTask<(AuthenticatedUser? AuthenticatedUser, Error? Error)> VerifyToken(string token);
