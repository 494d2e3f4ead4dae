using System.Security.Cryptography;

namespace Gateway.Security.Tokens;

/// <summary>
/// One key that tokens may be signed with, and the algorithms (RFC 7518 section 3.1) that it is for. A token's <c>alg</c> only ever chooses among these, so
/// nobody can pass a public key off as a secret, or do without a signature.
/// </summary>
internal sealed class TokenKey
{
    public const int MinSecretBytes = 32;
    private const int MinRsaBits = 2048;

    private static readonly string[] RsaAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

    // The framework promises of its keys that they are thread-safe only where they are static, so each call holds it.
    private readonly Lock _lock = new();
    private readonly Func<HashAlgorithmName, bool, ReadOnlySpan<byte>, ReadOnlySpan<byte>, bool> _verify;
    private readonly string[] _algorithms;

    private TokenKey(string? id, string[] algorithms, Func<HashAlgorithmName, bool, ReadOnlySpan<byte>, ReadOnlySpan<byte>, bool> verify)
    {
        Id = id;
        _algorithms = algorithms;
        _verify = verify;
    }

    /// <summary>Its <c>kid</c>, if it has one.</summary>
    public string? Id { get; }

    public static TokenKey OfSecret(byte[] secret) =>
        new(null, ["HS256"], (_, _, signed, signature) => CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(secret, signed), signature));

    /// <summary><c>null</c>: the key is too short.</summary>
    public static TokenKey? Of(RSA rsa, string? id = null) => rsa.KeySize < MinRsaBits ? null : new TokenKey(
        id, RsaAlgorithms, (hash, pss, signed, signature) => rsa.VerifyData(signed, signature, hash, pss ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1));

    /// <summary><c>null</c>: its curve is none of RFC 7518 section 3.4.</summary>
    public static TokenKey? Of(ECDsa ecdsa, string? id = null)
    {
        var algorithm = ecdsa.KeySize switch { 256 => "ES256", 384 => "ES384", 521 => "ES512", _ => null };
        return algorithm == null ? null : new TokenKey(
            id, [algorithm], (hash, _, signed, signature) => ecdsa.VerifyData(signed, signature, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
    }

    /// <summary>The same key, for this algorithm only; <c>null</c> if it is not fit for that.</summary>
    public TokenKey? For(string algorithm) => IsFor(algorithm) ? new TokenKey(Id, [algorithm], _verify) : null;

    public bool IsFor(string algorithm) => Array.IndexOf(_algorithms, algorithm) >= 0;

    /// <param name="algorithm">One that the key is for.</param>
    public bool Verifies(string algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        var hash = algorithm[^3..] switch { "256" => HashAlgorithmName.SHA256, "384" => HashAlgorithmName.SHA384, _ => HashAlgorithmName.SHA512 };
        try
        {
            lock (_lock) return _verify(hash, algorithm[0] == 'P', signed, signature);
        }
        catch (CryptographicException)
        {
            return false; // a signature that is none
        }
    }
}

/// <summary>The keys of one issuer, as of now.</summary>
/// <param name="Issuer">What it calls itself, if it says so.</param>
internal sealed record KeySet(string? Issuer, IReadOnlyList<TokenKey> Keys)
{
    /// <summary>Is there a key of this id? One without an id may be it.</summary>
    public bool Knows(string? id) => Keys.Any(key => id == null || key.Id == null || key.Id == id);

    /// <summary>The keys that may have signed this: of this id where both have one, and for this algorithm.</summary>
    public IEnumerable<TokenKey> For(string algorithm, string? id) => Keys.Where(key => key.IsFor(algorithm) && (id == null || key.Id == null || key.Id == id));
}
