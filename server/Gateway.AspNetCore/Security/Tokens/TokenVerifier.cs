using System.Diagnostics.Metrics;
using System.Text;
using Gateway.AspNetCore.Options;
using Gateway.Core.Commands;
using Gateway.Core.Configuration;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>
/// Verifies tokens. Microsoft.IdentityModel checks signature, issuer and audience; this class checks type and time. The reason of a failure
/// goes to the log and the counter; the client only gets <c>Invalid token</c>.
/// </summary>
internal sealed partial class TokenVerifier : IDisposable
{
    /// <summary>The values of <c>gateway_auth_failures_total{reason}</c>.</summary>
    private static readonly string[] FailureReasons =
    [
        "missing", "malformed", "not an access token", "keys away", "unknown key", "algorithm not allowed", "bad signature", "wrong issuer",
        "wrong audience",
        "claims missing", "revoked", .. TokenLifetime.Reasons,
    ];

    private static readonly JsonWebTokenHandler Handler = new()
    {
        MapInboundClaims = false,
        MaximumTokenSizeInBytes = AuthenticatedUser.MaxTokenLength,
    };

    private readonly AuthOptions _auth;
    private readonly IKeySource? _keys;
    private readonly AdmissionPolicy _admission;
    private readonly TokenLifetime _lifetime;
    private readonly Counter<long> _failures;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private volatile Rules? _rules;
    private long _warnedAt;

    /// <exception cref="InvalidOperationException">The options have no usable key.</exception>
    public TokenVerifier(
        GatewayOptions options, AdmissionPolicy admission, GatewayMeter meter, TimeProvider time, ILogger<TokenVerifier> logger)
    {
        _auth = options.Auth;
        _admission = admission;
        _lifetime = new TokenLifetime(options.Auth.ClockSkew, options.Moderation.RevocationTtl);
        _time = time;
        _logger = logger;
        _failures = meter.Counter(
            "gateway_auth_failures_total", "Requests, first messages and refreshes without a good token.", "reason", FailureReasons);
        if (_auth.Mode == AuthMode.Jwt) _keys = Source(_auth, time, logger);
    }

    /// <summary>Gets whether clients need a token.</summary>
    public bool IsOn => _keys != null;

    public async ValueTask<(AuthenticatedUser? AuthenticatedUser, Error? Error)> VerifyAsync(string token)
    {
        if (_keys == null) return (null, Error.InvalidToken);
        if (TokenHeader.Read(token) is not { } read) return Refuse("malformed");
        if (!TokenHeader.IsAccessToken(read)) return Refuse("not an access token");
        var keyId = TokenHeader.KeyIdOf(read);
        _keys.RefreshIfOld();
        if (_keys.Current is not { } known || !known.Knows(keyId)) await _keys.RefreshAsync();
        if (_keys.Current is not { } keys) return (null, Fail("keys away", Error.KeysUnavailable));
        if (!keys.Knows(keyId)) return Refuse("unknown key");
        if (!keys.For(read.Alg, keyId).Any()) return Refuse("algorithm not allowed");
        var result = await Handler.ValidateTokenAsync(read, RulesOf(keys));
        return result.IsValid ? Check(read) : Refuse(ReasonOf(result.Exception));
    }

    /// <summary>Counts a request without a token.</summary>
    public Error Missing() => Fail("missing", Error.Unauthorized);

    public void Dispose() => (_keys as IDisposable)?.Dispose();

    private static IKeySource Source(AuthOptions auth, TimeProvider time, ILogger logger)
    {
        if (auth.SigningKey.Count > 0)
        {
            var secrets = auth.SigningKey.Select(Encoding.UTF8.GetBytes).ToList();
            return secrets.TrueForAll(secret => secret.Length >= SigningKey.MinSecretBytes)
                ? new FixedKeys([.. secrets.Select(SigningKey.OfSecret)])
                : throw new InvalidOperationException(
                    $"auth.signing_key is too short; allowed: at least {SigningKey.MinSecretBytes} bytes");
        }
        if (auth.PublicKeyFile.Length > 0)
        {
            var (text, problem) = TextFile.Read(auth.PublicKeyFile, Directory.GetCurrentDirectory());
            var (key, unusable) = text == null ? (null, problem) : PemKey.Read(text);
            return key != null ? new FixedKeys(key) : throw new InvalidOperationException($"auth.public_key_file {unusable}");
        }
        return auth.Authority.Length > 0
            ? new AuthorityKeys(auth.Authority, time, logger)
            : throw new InvalidOperationException("auth.mode: jwt needs one of auth.signing_key, auth.public_key_file, auth.authority");
    }

    private TokenValidationParameters RulesOf(KeySet keys)
    {
        if (_rules is { } rules && rules.Keys == keys) return rules.Parameters;
        var issuer = _auth.Issuer.Length > 0 ? _auth.Issuer : keys.Issuer;
        var parameters = new TokenValidationParameters
        {
            IssuerSigningKeyResolver = (_, token, _, _) => keys.For(((JsonWebToken)token).Alg, TokenHeader.KeyIdOf((JsonWebToken)token)),
            TryAllIssuerSigningKeys = false,
            ValidAlgorithms = SigningKey.AllAlgorithms,
            ValidateIssuer = issuer != null,
            ValidIssuer = issuer,
            ValidateAudience = _auth.Audience.Length > 0,
            ValidAudience = _auth.Audience,
            IgnoreTrailingSlashWhenValidatingAudience = false,
            ValidateLifetime = false, // TokenLifetime checks it, because the library reads the clock of the machine
            LogValidationExceptions = false,
        };
        _rules = new Rules(keys, parameters);
        return parameters;
    }

    private (AuthenticatedUser?, Error?) Check(JsonWebToken token)
    {
        if (TokenClaims.Read(Base64UrlEncoder.DecodeBytes(token.EncodedPayload), _auth.RolesClaim) is not { } claims)
            return Refuse("claims missing");
        if (claims.IsOtherToken) return Refuse("not an access token");
        var now = _time.GetUtcNow();
        if (_lifetime.Check(claims, now) is { } reason)
        {
            if (reason == TokenLifetime.TooLong) LogTooLong();
            return Refuse(reason);
        }
        if (_admission.IsRevoked(claims.User.Id, claims.IssuedAt ?? DateTimeOffset.UnixEpoch)) return Refuse("revoked");
        return (
            new AuthenticatedUser(
                claims.User, new TokenExpiry(claims.ExpiresAt, _lifetime.ExpiryOf(claims, now), _auth.ExpiryWarning)), null);
    }

    private static string ReasonOf(Exception? fault) => fault switch
    {
        SecurityTokenInvalidIssuerException => "wrong issuer",
        SecurityTokenInvalidAudienceException => "wrong audience",
        SecurityTokenInvalidAlgorithmException => "algorithm not allowed",
        SecurityTokenInvalidSignatureException => "bad signature",
        _ => "malformed",
    };

    private (AuthenticatedUser?, Error?) Refuse(string why) => (null, Fail(why, Error.InvalidToken));

    private Error Fail(string why, Error error)
    {
        _failures.Add(1, new KeyValuePair<string, object?>("reason", why));
        Log.Refused(_logger, why);
        return error;
    }

    /// <summary>Warns that the issuer does not match the settings, at most once per second.</summary>
    private void LogTooLong()
    {
        var (last, now) = (Interlocked.Read(ref _warnedAt), _time.GetTimestamp());
        if (last != 0 && _time.GetElapsedTime(last, now) < TimeSpan.FromSeconds(1)) return;
        if (Interlocked.CompareExchange(ref _warnedAt, now, last) == last) Log.LivesTooLong(_logger);
    }

    private sealed record Rules(KeySet Keys, TokenValidationParameters Parameters);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Rejected a token: {Reason}")]
        public static partial void Refused(ILogger logger, string reason);

        [LoggerMessage(
            2, LogLevel.Warning,
            "Rejected a token with a longer lifetime than moderation.revocation_ttl. Shorten the lifetime of tokens or raise "
            + "revocation_ttl")]
        public static partial void LivesTooLong(ILogger logger);
    }
}
