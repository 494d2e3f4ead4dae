using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Core.Configuration;

namespace Gateway.Configuration;

/// <summary>With TLS enabled, both files must exist and belong together. They are checked at startup, not on the first handshake.</summary>
internal static class TlsRule
{
    private const string CertKey = "server.tls.cert_file";
    private const string KeyKey = "server.tls.key_file";

    public static void Check(TlsOptions tls, string directory, Binding binding)
    {
        if (!tls.Enabled)
            return;
        var certificate = Read(CertKey, tls.CertFile, directory, binding);
        var key = Read(KeyKey, tls.KeyFile, directory, binding);
        if (certificate is not null && IsCertificate(certificate, binding) && key is not null)
            CheckPair(tls, directory, binding);
    }

    private static string? Read(string key, string file, string directory, Binding binding)
    {
        if (!binding.AreValid(key))
            return null;
        if (file.Length == 0)
        {
            binding.Report(key, "is missing; server.tls.enabled needs it", binding.OriginOf(key));
            return null;
        }
        var (text, problem) = TextFile.Read(file, directory);
        if (text is null)
            Refuse(key, $"{problem}: {Printable.Quoted(file)}", binding);
        return text;
    }

    private static bool IsCertificate(string text, Binding binding)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(text);
            return true;
        }
        catch (CryptographicException)
        {
            Refuse(CertKey, "it holds no PEM certificate", binding);
            return false;
        }
    }

    private static void CheckPair(TlsOptions tls, string directory, Binding binding)
    {
        try
        {
            using var pair = X509Certificate2.CreateFromPemFile(
                Path.Combine(directory, tls.CertFile), Path.Combine(directory, tls.KeyFile));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            Refuse(KeyKey, "it holds no unencrypted PEM private key that belongs to the certificate of " + CertKey, binding);
        }
    }

    private static void Refuse(string key, string problem, Binding binding) =>
        binding.Report(key, "cannot be read: " + problem, binding.OriginOf(key));
}
