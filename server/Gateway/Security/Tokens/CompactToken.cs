using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Gateway.Core.Commands;

namespace Gateway.Security.Tokens;

/// <summary>A signed token as it is written: header, claims and signature in base64url with dots between (RFC 7515 section 7.1). Nothing of it is believed yet.</summary>
/// <param name="SigningInput">The bytes that the signature is over.</param>
internal sealed record CompactToken(string Algorithm, string? KeyId, byte[] SigningInput, byte[] Signature, byte[] Claims)
{
    /// <returns><c>null</c> if it is no such token, or one that asks for something that the gateway does not know.</returns>
    public static CompactToken? Read(string text)
    {
        if (text.Length > Bearer.MaxTokenLength) return null;
        var parts = text.Split('.');
        if (parts.Length != 3 || !parts.All(IsBase64Url)) return null;
        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]));
            var root = header.RootElement;
            if (root.ValueKind != JsonValueKind.Object || root.TryGetProperty("crit", out _)) return null; // RFC 7515 section 4.1.11
            if (!root.TryGetProperty("alg", out var algorithm)) return null;
            var keyId = root.TryGetProperty("kid", out var kid) ? kid.GetString() : null;
            return new CompactToken(
                algorithm.GetString() ?? "", keyId, Encoding.ASCII.GetBytes(text, 0, text.LastIndexOf('.')),
                Base64Url.DecodeFromChars(parts[2]), Base64Url.DecodeFromChars(parts[1]));
        }
        catch (Exception malformed) when (malformed is FormatException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The framework's reader also takes white space and padding.</summary>
    private static bool IsBase64Url(string part) => part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
