using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>
/// A key that verifies tokens, and its algorithms (RFC 7518 section 3.1). A token's <c>alg</c> only selects one of these algorithms, so
/// nobody can use a public key as a secret, or omit the signature.
/// </summary>
/// <param name="Id">The <c>kid</c> of the key, if it has one.</param>
internal sealed record SigningKey(string? Id, SecurityKey Key, IReadOnlyList<string> Algorithms)
{
    public const int MinSecretBytes = 32;
    private const int MinRsaBits = 2048;

    private static readonly string[] RsaAlgorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
    ];

    /// <summary>Gets all allowed algorithms. <c>none</c> is not one of them.</summary>
    public static IReadOnlyList<string> AllAlgorithms { get; } =
        [.. RsaAlgorithms, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
            SecurityAlgorithms.HmacSha256];

    public static SigningKey OfSecret(byte[] secret) => new(null, new SymmetricSecurityKey(secret), [SecurityAlgorithms.HmacSha256]);

    /// <returns><c>null</c> if the key is too short, of another kind, or on a curve that is not in RFC 7518 section 3.4.</returns>
    public static SigningKey? Of(SecurityKey key, string? id = null) => key switch
    {
        RsaSecurityKey or X509SecurityKey { PublicKey: RSA } when key.KeySize >= MinRsaBits => new(id, key, RsaAlgorithms),
        ECDsaSecurityKey { ECDsa: var ecdsa } when AlgorithmOf(ecdsa) is { } algorithm => new(id, key, [algorithm]),
        X509SecurityKey { PublicKey: ECDsa ecdsa } when AlgorithmOf(ecdsa) is { } algorithm =>
            new(id, new ECDsaSecurityKey(ecdsa), [algorithm]),
        _ => null,
    };

    /// <summary>
    /// A key of a JSON Web Key Set (RFC 7517). Only RSA and EC keys are used, because a published symmetric key is not secret.
    /// </summary>
    /// <returns><c>null</c> if the key is not for signatures, or is not usable.</returns>
    public static SigningKey? Of(JsonWebKey json)
    {
        if (json.Use is { Length: > 0 } use && use != JsonWebKeyUseNames.Sig) return null;
        if (json.Kty is not (JsonWebAlgorithmsKeyTypes.RSA or JsonWebAlgorithmsKeyTypes.EllipticCurve)) return null;
        var id = json.Kid is { Length: > 0 } kid ? kid : null;
        if (!JsonWebKeyConverter.TryConvertToSecurityKey(json, out var converted) || Of(converted, id) is not { } key) return null;
        if (json.Alg is not { Length: > 0 } algorithm) return key;
        return key.Algorithms.Contains(algorithm, StringComparer.Ordinal) ? key with { Algorithms = [algorithm] } : null;
    }

    /// <summary>Returns whether this may be the key of a token with that <c>kid</c>. A key or a token without an id matches any.</summary>
    public bool Matches(string? id) => id == null || Id == null || Id == id;

    private static string? AlgorithmOf(ECDsa ecdsa) => ecdsa.ExportParameters(includePrivateParameters: false).Curve.Oid?.Value switch
    {
        "1.2.840.10045.3.1.7" => SecurityAlgorithms.EcdsaSha256,
        "1.3.132.0.34" => SecurityAlgorithms.EcdsaSha384,
        "1.3.132.0.35" => SecurityAlgorithms.EcdsaSha512,
        _ => null,
    };
}

/// <summary>The current keys of an issuer.</summary>
/// <param name="Issuer">The name of the issuer, if known.</param>
internal sealed record KeySet(string? Issuer, IReadOnlyList<SigningKey> Keys)
{
    public bool Knows(string? id) => Keys.Any(key => key.Matches(id));

    /// <summary>Returns the keys that may have signed a token with this algorithm and id.</summary>
    public IEnumerable<SecurityKey> For(string algorithm, string? id) =>
        Keys.Where(key => key.Matches(id) && key.Algorithms.Contains(algorithm, StringComparer.Ordinal)).Select(key => key.Key);
}
