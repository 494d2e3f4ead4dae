using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gateway.AspNetCore.Security;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>Binds a connection token to the user who negotiated it, without telling who that is.</summary>
internal static class ConnectionUser
{
    private const int HashBytes = 16;

    /// <returns>Empty if the user is not authenticated.</returns>
    public static string Of(HttpContext context) => RequestUser.IdOf(context) is { } id
        ? Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes("gateway connection user " + id)).AsSpan(0, HashBytes))
        : "";

    /// <summary>Anybody may use the token of a client that was anonymous: it is a secret itself.</summary>
    public static bool Matches(HttpContext context, ConnectionToken token) => token.User.Length == 0 || token.User == Of(context);
}
