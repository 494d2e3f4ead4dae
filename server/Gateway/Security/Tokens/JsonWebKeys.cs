using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Gateway.Security.Tokens;

/// <summary>Reads a JSON Web Key Set (RFC 7517): RSA and EC keys for signatures. Others are passed over; a symmetric one that everybody can read is no secret.</summary>
internal static class JsonWebKeys
{
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidDataException">It is no key set.</exception>
    public static List<TokenKey> Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("keys", out var all) || all.ValueKind != JsonValueKind.Array)
            throw new InvalidDataException("its key set has no keys");
        var keys = new List<TokenKey>();
        foreach (var one in all.EnumerateArray())
        {
            try
            {
                if (ReadOne(one) is { } key) keys.Add(key);
            }
            catch (Exception unusable) when (unusable is CryptographicException or FormatException or KeyNotFoundException or InvalidOperationException)
            {
                // One key that makes no sense does not spoil the others.
            }
        }
        return keys;
    }

    private static TokenKey? ReadOne(JsonElement key)
    {
        if (Text(key, "use") is { } use && use != "sig") return null;
        var id = Text(key, "kid");
        var read = Text(key, "kty") switch { "RSA" => Rsa(key, id), "EC" => Ec(key, id), _ => null };
        return Text(key, "alg") is { } algorithm ? read?.For(algorithm) : read;
    }

    private static TokenKey? Rsa(JsonElement key, string? id) =>
        TokenKey.Of(RSA.Create(new RSAParameters { Modulus = Bytes(key, "n"), Exponent = Bytes(key, "e") }), id);

    private static TokenKey? Ec(JsonElement key, string? id)
    {
        ECCurve? curve = Text(key, "crv") switch
        {
            "P-256" => ECCurve.NamedCurves.nistP256,
            "P-384" => ECCurve.NamedCurves.nistP384,
            "P-521" => ECCurve.NamedCurves.nistP521,
            _ => null,
        };
        if (curve is not { } known) return null;
        return TokenKey.Of(ECDsa.Create(new ECParameters { Curve = known, Q = new ECPoint { X = Bytes(key, "x"), Y = Bytes(key, "y") } }), id);
    }

    private static string? Text(JsonElement key, string name) => key.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static byte[] Bytes(JsonElement key, string name) => Base64Url.DecodeFromChars(key.GetProperty(name).GetString());
}
