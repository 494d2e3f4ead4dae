using System.Security.Cryptography;
using Gateway.AspNetCore.Options;
using Xunit;

namespace Gateway.Tests.Configuration;

/// <summary>Tokens need one key, and one that can be used; without, the gateway does not start, and says what is wrong.</summary>
public sealed class AuthTests : IDisposable
{
    private const string Kinds = "auth.signing_key, auth.public_key_file, auth.authority";
    private const string Secret = "thirty-two bytes are what it takes";

    private readonly ConfigurationFolder _folder = new();

    public AuthTests()
    {
        using var rsa = RSA.Create(2048);
        using var weak = RSA.Create(1024);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var odd = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        _folder.Write("rsa.pem", rsa.ExportSubjectPublicKeyInfoPem());
        _folder.Write("rsa1.pem", rsa.ExportRSAPublicKeyPem());
        _folder.Write("ec.pem", ec.ExportSubjectPublicKeyInfoPem());
        _folder.Write("weak.pem", weak.ExportSubjectPublicKeyInfoPem());
        _folder.Write("private.pem", rsa.ExportPkcs8PrivateKeyPem());
        _folder.Write("odd.pem", odd.ExportSubjectPublicKeyInfoPem());
        _folder.Write("text.pem", "no PEM at all");
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=x", ec, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        _folder.Write("certificate.pem", certificate.ExportCertificatePem());
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("signing_key: " + Secret)]
    [InlineData("signing_key: [" + Secret + "]")]
    [InlineData("signing_key: [" + Secret + ", " + Secret + " and one more]")]
    [InlineData("public_key_file: rsa.pem")]
    [InlineData("public_key_file: rsa1.pem")]
    [InlineData("public_key_file: ec.pem")]
    [InlineData("public_key_file: certificate.pem")]
    [InlineData("authority: https://id.example.com/realms/main, audience: gateway")]
    [InlineData("authority: http://localhost:8180/realms/main, audience: gateway")]
    public void OneKeyIsEnough(string key) => Assert.Equal(AuthMode.Jwt, _folder.Options($"auth: {{ mode: jwt, {key} }}").Auth.Mode);

    [Theory]
    [InlineData("mode: jwt", "auth.mode: jwt needs one of " + Kinds + " (config/gateway.yaml:1)")]
    [InlineData(
        "mode: jwt, signing_key: " + Secret + ", public_key_file: rsa.pem",
        "auth.public_key_file: does not go with auth.signing_key; allowed: one of " + Kinds + " (config/gateway.yaml:1)")]
    [InlineData(
        "mode: jwt, signing_key: hunter2",
        "auth.signing_key: the value is not allowed; allowed: a text of at least 32 bytes (config/gateway.yaml:1)")]
    [InlineData(
        "mode: jwt, signing_key: [" + Secret + ", hunter2]",
        "auth.signing_key.1: the value is not allowed; allowed: a text of at least 32 bytes (config/gateway.yaml:1)")]
    [InlineData(
        "mode: jwt, signing_key: [" + Secret + ", '']",
        "auth.signing_key.1: the value is not allowed; allowed: a text of at least 32 bytes (config/gateway.yaml:1)")]
    [InlineData(
        "mode: jwt, signing_key: [" + Secret + ", " + Secret + ", " + Secret + "]",
        "auth.signing_key: 3 keys are not allowed; allowed: at most 2, the one in use and the one before or after it "
        + "(config/gateway.yaml:1)")]
    [InlineData("signing_key: " + Secret, "auth.signing_key: is set, but auth.mode is none; it needs jwt (config/gateway.yaml:1)")]
    [InlineData(
        "mode: jwt, authority: https://id.example.com",
        "auth.audience: is missing; an authority issues tokens for others, too, so auth.authority needs it (default)")]
    [InlineData(
        "mode: jwt, public_key_file: none.pem",
        "auth.public_key_file: cannot be read: there is no such file: \"none.pem\" (config/gateway.yaml:1)")]
    [InlineData("mode: jwt, public_key_file: text.pem", "auth.public_key_file: holds no PEM public key (config/gateway.yaml:1)")]
    [InlineData(
        "mode: jwt, public_key_file: private.pem",
        "auth.public_key_file: holds a private key; the gateway is to have the public one only (config/gateway.yaml:1)")]
    [InlineData(
        "mode: jwt, public_key_file: odd.pem",
        "auth.public_key_file: holds a key that is not allowed; allowed: RSA of at least 2048 bits, or EC on the curves P-256, P-384, "
        + "P-521 (config/gateway.yaml:1)")]
    [InlineData(
        "mode: jwt, public_key_file: weak.pem",
        "auth.public_key_file: holds a key that is not allowed; allowed: RSA of at least 2048 bits, or EC on the curves P-256, P-384, "
        + "P-521 (config/gateway.yaml:1)")]
    public void WhatCannotServeStopsTheStart(string auth, string expected)
    {
        var errors = _folder.Errors($"auth: {{ {auth} }}");

        Assert.Equal([expected], errors);
        Assert.DoesNotContain("hunter2", string.Concat(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("authority: http://id.example.com, audience: x", "auth.authority")]
    [InlineData("authority: id.example.com, audience: x", "auth.authority")]
    [InlineData("authority: 'https://user:password@id.example.com', audience: x", "auth.authority")]
    [InlineData("signing_key: " + Secret + ", clock_skew: 6m", "auth.clock_skew")]
    [InlineData("signing_key: " + Secret + ", roles_claim: ''", "auth.roles_claim")]
    public void ValuesHaveTheirBounds(string auth, string key) =>
        Assert.Contains(_folder.Errors($"auth: {{ mode: jwt, {auth} }}"), error => error.StartsWith(key + ":", StringComparison.Ordinal));

    [Theory]
    [InlineData(
        "{ join: [clerk] }",
        "rooms.permissions.0.match: is missing; a permission needs the name or pattern of its rooms (config/gateway.yaml:1)")]
    [InlineData("{ match: 'user.{sub}.*' }", "rooms.permissions.0.match: ")]
    [InlineData("{ match: '{sub}{sub}' }", "rooms.permissions.0.match: ")]
    [InlineData("{ match: a, join: [''] }", "rooms.permissions.0.join.0: ")]
    public void PermissionThatMakesNoSenseStopsTheStart(string permission, string expected) =>
        Assert.StartsWith(expected, Assert.Single(_folder.Errors($"rooms: {{ permissions: [ {permission} ] }}")), StringComparison.Ordinal);

    [Fact]
    public void WhatAPermissionLeavesOutEveryoneMay()
    {
        var permission = Assert.Single(
            _folder.Options("rooms: { permissions: [ { match: orders.*, publish: [clerk, auditor], history: [] } ] }").Rooms.Permissions);

        Assert.Equal(["*"], permission.Join);
        Assert.Equal(["clerk", "auditor"], permission.Publish);
        Assert.Empty(permission.History);
        Assert.Equal(["*"], permission.Presence);
    }
}
