using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Security.Tokens;
using Gateway.Core.Connections;
using Gateway.Core.Moderation;
using Gateway.Core.Supervision;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks.Micro;

/// <summary>The check of one token: a good one, one whose signature is wrong, and a text that is none.</summary>
[MemoryDiagnoser]
public class TokenBenchmarks
{
    private TokenVerifier _verifier = null!;
    private string _token = "";

    [Params("HS256", "RS256", "ES256")]
    public string Algorithm { get; set; } = "";

    [GlobalSetup]
    public void Prepare()
    {
        using var rsa = RSA.Create(2048);
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        const string Secret = "an HS256 secret of more than thirty-two bytes";
        var options = new GatewayOptions { Auth = { Mode = AuthMode.Jwt, Audience = "gateway" } };
        if (Algorithm == "HS256") options.Auth.SigningKey = [Secret];
        else
            File.WriteAllText(
                options.Auth.PublicKeyFile = Path.GetTempFileName(),
                Algorithm == "RS256" ? rsa.ExportSubjectPublicKeyInfoPem() : ecdsa.ExportSubjectPublicKeyInfoPem());
        var restrictions = new InProcessRestrictionStore(
            new Supervisor(TimeProvider.System, NullLogger<Supervisor>.Instance), TimeProvider.System);
        _verifier = new TokenVerifier(
            options, new AdmissionPolicy(new ConnectionTable(1), restrictions, 0), new GatewayMeter(), TimeProvider.System,
            NullLogger<TokenVerifier>.Instance);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var claims =
            $$"""{"sub":"ada","iss":"https://id.example.com","aud":["gateway","account"],"exp":{{now + 36_000}},"iat":{{now}}"""
            + ""","preferred_username":"Ada","azp":"web","roles":["clerk"]}""";
        var header = $$"""{"alg":"{{Algorithm}}","typ":"JWT"}""";
        var input = Encoding.ASCII.GetBytes(Part(header) + "." + Part(claims));
        _token = Encoding.ASCII.GetString(input) + "." + Base64Url.EncodeToString(Algorithm switch
        {
            "RS256" => rsa.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            "ES256" => ecdsa.SignData(input, HashAlgorithmName.SHA256),
            _ => HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), input),
        });
        if (!Good()) throw new InvalidOperationException("the good token is refused");
    }

    [Benchmark]
    public bool Good() => Accepts(_token);

    [Benchmark]
    public bool BadSignature() => Accepts(_token[..^6] + "AAAAAA");

    [Benchmark]
    public bool Garbage() => Accepts("not.a.token");

    private bool Accepts(string token) => _verifier.VerifyAsync(token).AsTask().GetAwaiter().GetResult().AuthenticatedUser != null;

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
