using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Gateway.IntegrationTests.Identity;

/// <summary>A key that a test signs tokens with.</summary>
internal sealed class TestKey(string id, string algorithm, AsymmetricAlgorithm? asymmetric, byte[]? secret = null)
{
    public static readonly byte[] Secret = Encoding.UTF8.GetBytes("an HS256 secret of more than thirty-two bytes");

    public string Id => id;
    public string Algorithm => algorithm;

    public static TestKey Rsa(string id, string algorithm = "RS256", int bits = 2048) => new(id, algorithm, RSA.Create(bits));

    public static TestKey Ec(string id, string algorithm = "ES256") => new(id, algorithm, ECDsa.Create(algorithm switch
    {
        "ES384" => ECCurve.NamedCurves.nistP384,
        "ES512" => ECCurve.NamedCurves.nistP521,
        _ => ECCurve.NamedCurves.nistP256,
    }));

    public static TestKey Symmetric(byte[]? secret = null) => new("", "HS256", null, secret ?? Secret);

    /// <summary>What stands in the file of a public key.</summary>
    public string Pem => asymmetric is RSA rsa ? rsa.ExportSubjectPublicKeyInfoPem() : ((ECDsa)asymmetric!).ExportSubjectPublicKeyInfoPem();

    public Dictionary<string, string> Jwk()
    {
        if (asymmetric is RSA rsa)
        {
            var parameters = rsa.ExportParameters(includePrivateParameters: false);
            return new()
            {
                ["kty"] = "RSA",
                ["use"] = "sig",
                ["kid"] = id,
                ["n"] = Text(parameters.Modulus!),
                ["e"] = Text(parameters.Exponent!)
            };
        }
        var point = ((ECDsa)asymmetric!).ExportParameters(includePrivateParameters: false);
        var curve = algorithm switch { "ES384" => "P-384", "ES512" => "P-521", _ => "P-256" };
        return new()
        {
            ["kty"] = "EC",
            ["use"] = "sig",
            ["kid"] = id,
            ["alg"] = algorithm,
            ["crv"] = curve,
            ["x"] = Text(point.Q.X!),
            ["y"] = Text(point.Q.Y!)
        };
    }

    public byte[] Sign(byte[] input) => asymmetric switch
    {
        RSA rsa => rsa.SignData(input, Hash, algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1),
        ECDsa ecdsa => ecdsa.SignData(input, Hash),
        _ => HMACSHA256.HashData(secret!, input),
    };

    /// <summary>A token with these claims over the usual ones; a claim of <c>null</c> is left out.</summary>
    public string Token(Dictionary<string, object?>? claims = null, Dictionary<string, object?>? header = null)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var all = new Dictionary<string, object?>
        {
            ["sub"] = "ada",
            ["iss"] = LocalAuthority.Issuer,
            ["aud"] = "gateway",
            ["exp"] = now + 3600,
            ["preferred_username"] = "Ada Lovelace",
            ["azp"] = "web",
        };
        var head = new Dictionary<string, object?> { ["alg"] = algorithm, ["typ"] = "JWT", ["kid"] = id.Length > 0 ? id : null };
        foreach (var (name, value) in claims ?? []) all[name] = value;
        foreach (var (name, value) in header ?? []) head[name] = value;
        var input = Part(head) + "." + Part(all);
        return input + "." + Text(Sign(Encoding.ASCII.GetBytes(input)));
    }

    public static string Text(byte[] bytes) => Base64Url.EncodeToString(bytes);

    public static string Part(Dictionary<string, object?> values) =>
        Text(JsonSerializer.SerializeToUtf8Bytes(values.Where(v => v.Value != null).ToDictionary(v => v.Key, v => v.Value)));

    private HashAlgorithmName Hash =>
        algorithm[^3..] switch { "384" => HashAlgorithmName.SHA384, "512" => HashAlgorithmName.SHA512, _ => HashAlgorithmName.SHA256 };
}
