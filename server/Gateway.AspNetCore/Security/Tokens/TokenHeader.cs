using Gateway.Core.Commands;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>
/// Reads a token that is not verified yet, and checks what the library does not: size, alphabet, <c>crit</c> and <c>typ</c>.
/// </summary>
internal static class TokenHeader
{
    private const string MediaTypePrefix = "application/";

    /// <returns><c>null</c> if it is not a signed token (RFC 7515 section 7.1), or requires an unknown extension.</returns>
    public static JsonWebToken? Read(string text)
    {
        if (text.Length > AuthenticatedUser.MaxTokenLength || !IsCompact(text)) return null;
        try
        {
            var token = new JsonWebToken(text);
            return token.TryGetHeaderValue<object>("crit", out _) ? null : token; // RFC 7515 section 4.1.11
        }
        catch (Exception)
        {
            return null; // untrusted text: any exception means that it is not a token
        }
    }

    /// <summary>
    /// Returns whether this is an access token: <c>typ</c> is <c>at+jwt</c> (RFC 9068), <c>JWT</c> or missing. Other types are for other
    /// uses: <c>logout+jwt</c>, <c>dpop+jwt</c>, <c>secevent+jwt</c>, … (RFC 8725 section 3.11).
    /// </summary>
    public static bool IsAccessToken(JsonWebToken token)
    {
        if (!token.TryGetHeaderValue<object>("typ", out var value)) return true;
        if (value is not string type) return false;
        // RFC 7515 section 4.1.9
        if (type.StartsWith(MediaTypePrefix, StringComparison.OrdinalIgnoreCase)) type = type[MediaTypePrefix.Length..];
        return type.Equals("JWT", StringComparison.OrdinalIgnoreCase) || type.Equals("at+jwt", StringComparison.OrdinalIgnoreCase);
    }

    public static string? KeyIdOf(JsonWebToken token) => token.Kid is { Length: > 0 } id ? id : null;

    /// <summary>Three parts in base64url. The library's reader also takes padding and the characters of plain base64.</summary>
    private static bool IsCompact(string text) =>
        text.Count(c => c == '.') == 2 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
