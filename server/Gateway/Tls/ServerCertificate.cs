using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Configuration;

namespace Gateway.Tls;

/// <summary>
/// The certificate of <c>server.tls</c> with its chain. When the files change, new handshakes use the new certificate; open connections
/// stay. Files that cannot be used are reported once, and the previous certificate stays in use.
/// </summary>
internal sealed partial class ServerCertificate(ProgramOptions options, ILogger<ServerCertificate> logger)
{
    /// <summary>How many certificates are remembered: another replica may not have read the new files yet.</summary>
    private const int RememberedCertificates = 4;

    // Guards the fields below and the reading of the files.
    private readonly Lock _lock = new();
    private readonly List<byte[]> _recent = [];
    private volatile SslStreamCertificateContext? _current;
    private byte[] _seen = [];

    /// <summary>The certificate for a handshake, with the intermediates of <c>cert_file</c>.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            if (_current == null) Reload();
            return _current ?? throw new InvalidOperationException("server.tls: the certificate cannot be read");
        }
    }

    /// <summary>Reads the files and uses them if they have changed and are valid. Never fails.</summary>
    public void Reload()
    {
        var tls = options.Server.Tls;
        lock (_lock)
        {
            try
            {
                var content = SHA256.HashData([.. File.ReadAllBytes(tls.CertFile), .. File.ReadAllBytes(tls.KeyFile)]);
                if (content.AsSpan().SequenceEqual(_seen)) return;
                _seen = content; // report a fault once
                var isFirst = _current == null;
                UseLocked(X509Certificate2.CreateFromPemFile(tls.CertFile, tls.KeyFile), tls.CertFile);
                if (!isFirst) Log.Reloaded(logger, tls.CertFile, _current!.TargetCertificate.NotAfter);
            }
            catch (Exception fault) when (
                fault is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
            {
                Log.NotLoaded(logger, tls.CertFile, tls.KeyFile, fault.Message);
            }
        }
    }

    /// <summary>
    /// Whether a certificate is or was this replica's. Replicas share one certificate, which is for the name that clients use, not for an
    /// address.
    /// </summary>
    public bool IsOurs(X509Certificate? certificate)
    {
        if (certificate == null || !options.Server.Tls.Enabled) return false;
        var data = certificate.GetRawCertData();
        if (IsKnown(data)) return true;
        Reload(); // the other replica may have read the files earlier
        return IsKnown(data);
    }

    private bool IsKnown(byte[] data)
    {
        lock (_lock) return _recent.Exists(recent => recent.AsSpan().SequenceEqual(data));
    }

    private void UseLocked(X509Certificate2 certificate, string certFile)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certFile);
        chain.RemoveAt(0); // the certificate itself
        _current = SslStreamCertificateContext.Create(certificate, chain, offline: true);
        _recent.Add(certificate.RawData);
        if (_recent.Count > RememberedCertificates) _recent.RemoveAt(0);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "New connections use the new certificate in {File}, valid until {NotAfter:u}")]
        public static partial void Reloaded(ILogger logger, string file, DateTime notAfter);

        [LoggerMessage(2, LogLevel.Error,
            "{CertFile} and {KeyFile} have changed and cannot be used. The previous certificate stays in use: {Fault}")]
        public static partial void NotLoaded(ILogger logger, string certFile, string keyFile, string fault);
    }
}
