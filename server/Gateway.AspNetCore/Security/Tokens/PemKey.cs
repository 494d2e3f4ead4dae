using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>Reads the public key of a PEM file (RFC 7468), which is a key or a certificate.</summary>
internal static class PemKey
{
    /// <returns>The key, or the problem.</returns>
    public static (SigningKey? Key, string Problem) Read(string text)
    {
        if (!PemEncoding.TryFind(text, out var fields)) return (null, "holds no PEM public key");
        var label = text[fields.Label];
        if (label.Contains("PRIVATE", StringComparison.Ordinal))
            return (null, "holds a private key; the gateway is to have the public one only");
        try
        {
            return label switch
            {
                "CERTIFICATE" => OfCertificate(text),
                "PUBLIC KEY" or "RSA PUBLIC KEY" => Of(text),
                _ => (null, "holds no PEM public key"),
            };
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or ArgumentException)
        {
            return (null, "holds no PEM public key of a kind that is known: RSA, or EC on the curves P-256, P-384, P-521");
        }
    }

    private static (SigningKey?, string) OfCertificate(string text)
    {
        using var certificate = X509Certificate2.CreateFromPem(text);
        return certificate.GetRSAPublicKey() is { } rsa ? Usable(SigningKey.Of(new RsaSecurityKey(rsa)))
            : certificate.GetECDsaPublicKey() is { } ecdsa ? Usable(SigningKey.Of(new ECDsaSecurityKey(ecdsa)))
            : Usable(null);
    }

    private static (SigningKey?, string) Of(string text)
    {
        var rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(text);
            return Usable(SigningKey.Of(new RsaSecurityKey(rsa)));
        }
        catch (CryptographicException)
        {
            rsa.Dispose(); // then an EC key, or none
        }
        var ecdsa = ECDsa.Create();
        ecdsa.ImportFromPem(text);
        return Usable(SigningKey.Of(new ECDsaSecurityKey(ecdsa)));
    }

    private static (SigningKey?, string) Usable(SigningKey? key) =>
        key != null
            ? (key, "")
            : (null, "holds a key that is not allowed; allowed: RSA of at least 2048 bits, or EC on the curves P-256, P-384, P-521");
}
