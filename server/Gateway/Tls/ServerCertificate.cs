using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Configuration;

namespace Gateway.Tls;

/// <summary>
/// The certificate of <c>server.tls</c> with its chain, as the files hold it now. When they change, new handshakes get the new one; connections that stand are not touched.
/// Files that cannot be used are reported once, and the certificate before them stays.
/// </summary>
internal sealed partial class ServerCertificate(ProgramOptions options, ILogger<ServerCertificate> logger)
{
    /// <summary>A replica that has not read the new files yet still shows an older certificate.</summary>
    private const int Remembered = 4;

    // Guards the fields below and the reading of the files.
    private readonly Lock _lock = new();
    private readonly List<byte[]> _own = [];
    private volatile SslStreamCertificateContext? _current;
    private byte[] _seen = [];

    /// <summary>For a handshake: the certificate and the intermediates after it in <c>cert_file</c>.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            if (_current == null) Reload();
            return _current ?? throw new InvalidOperationException("server.tls: the certificate cannot be read");
        }
    }

    /// <summary>Looks whether the files have changed, and takes what they hold if it can be used. Does not fail.</summary>
    public void Reload()
    {
        var tls = options.Server.Tls;
        lock (_lock)
        {
            try
            {
                var content = SHA256.HashData([.. File.ReadAllBytes(tls.CertFile), .. File.ReadAllBytes(tls.KeyFile)]);
                if (content.AsSpan().SequenceEqual(_seen)) return;
                _seen = content; // what is wrong with it is reported once
                var isFirst = _current == null;
                TakeLocked(X509Certificate2.CreateFromPemFile(tls.CertFile, tls.KeyFile), tls.CertFile);
                if (!isFirst) Log.Reloaded(logger, tls.CertFile, _current!.TargetCertificate.NotAfter);
            }
            catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
            {
                Log.NotLoaded(logger, tls.CertFile, tls.KeyFile, fault.Message);
            }
        }
    }

    /// <summary>Is it the one that this replica shows, or one that it showed lately? Replicas share one certificate, which is for the name that clients use and not for an address.</summary>
    public bool IsOurs(X509Certificate? certificate)
    {
        if (certificate == null || !options.Server.Tls.Enabled) return false;
        var shown = certificate.GetRawCertData();
        if (IsKnown(shown)) return true;
        Reload(); // the other replica may have looked earlier
        return IsKnown(shown);
    }

    private bool IsKnown(byte[] shown)
    {
        lock (_lock) return _own.Exists(own => own.AsSpan().SequenceEqual(shown));
    }

    private void TakeLocked(X509Certificate2 certificate, string certFile)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certFile);
        chain.RemoveAt(0); // the certificate itself
        _current = SslStreamCertificateContext.Create(certificate, chain, offline: true);
        _own.Add(certificate.RawData);
        if (_own.Count > Remembered) _own.RemoveAt(0);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The certificate in {File} is new, and is used for new connections; it is valid until {NotAfter:u}")]
        public static partial void Reloaded(ILogger logger, string file, DateTime notAfter);

        [LoggerMessage(2, LogLevel.Error, "{CertFile} and {KeyFile} have changed and cannot be used, so the certificate from before stays: {Fault}")]
        public static partial void NotLoaded(ILogger logger, string certFile, string keyFile, string fault);
    }
}
