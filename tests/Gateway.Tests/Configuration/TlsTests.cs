using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Xunit;

namespace Gateway.Tests.Configuration;

public sealed class TlsTests : IDisposable
{
    private const string NoPair =
        "server.tls.key_file: cannot be read: it holds no unencrypted PEM private key that belongs to the certificate of "
        + "server.tls.cert_file (config/gateway.yaml:2)";

    private readonly ConfigurationFolder _folder = new();

    public TlsTests()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        _folder.Write("cert.pem", certificate.ExportCertificatePem());
        _folder.Write("key.pem", key.ExportPkcs8PrivateKeyPem());
        _folder.Write("other.pem", other.ExportPkcs8PrivateKeyPem());
        _folder.Write("text.pem", "no PEM at all");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void PairThatBelongsTogetherIsAccepted() => Assert.True(_folder.Options(Yaml("cert.pem", "key.pem")).Server.Tls.Enabled);

    [Fact]
    public void FilesAreNotLookedAtWithoutTls() =>
        Assert.False(_folder.Options("server: { tls: { cert_file: none, key_file: none } }").Server.Tls.Enabled);

    [Fact]
    public void BothFilesAreNeeded() => Assert.Equal(
        [
            "server.tls.cert_file: is missing; server.tls.enabled needs it (default)",
            "server.tls.key_file: is missing; server.tls.enabled needs it (default)",
        ],
        _folder.Errors("server: { tls: { enabled: true } }"));

    [Theory]
    [InlineData("none.pem", "key.pem", "server.tls.cert_file: cannot be read: there is no such file: \"none.pem\" (config/gateway.yaml:2)")]
    [InlineData("cert.pem", "none.pem", "server.tls.key_file: cannot be read: there is no such file: \"none.pem\" (config/gateway.yaml:2)")]
    [InlineData("text.pem", "key.pem", "server.tls.cert_file: cannot be read: it holds no PEM certificate (config/gateway.yaml:2)")]
    [InlineData("cert.pem", "text.pem", NoPair)]
    [InlineData("cert.pem", "other.pem", NoPair)]
    public void FileThatCannotServeIsRefused(string certificate, string key, string expected) =>
        Assert.Equal([expected], _folder.Errors(Yaml(certificate, key)));

    private static string Yaml(string certificate, string key) =>
        $"server:\n  tls: {{ enabled: true, cert_file: {certificate}, key_file: {key} }}";
}
