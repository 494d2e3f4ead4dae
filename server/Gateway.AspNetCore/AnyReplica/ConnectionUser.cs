using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gateway.AspNetCore.Security;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>Binds a connection token to the user who negotiated it, without revealing the user.</summary>
internal static class ConnectionUser
{
    private const int HashBytes = 16;

    /// <returns>Empty if the user is not authenticated.</returns>
    public static string Of(HttpContext context) => RequestUser.IdOf(context) is { } id
        ? Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes("gateway connection user " + id)).AsSpan(0, HashBytes))
        : "";

    /// <summary>
    /// Returns whether the request is from the user of the token. The token of an anonymous client is a secret itself, so anyone who has it
    /// may use it.
    /// </summary>
    public static bool Matches(HttpContext context, ConnectionToken token) => token.User.Length == 0 || token.User == Of(context);
}
