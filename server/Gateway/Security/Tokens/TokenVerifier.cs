using System.Diagnostics.Metrics;
using System.Text;
using Gateway.Configuration;
using Gateway.Configuration.Sources;
using Gateway.Core.Commands;
using Gateway.Core.Connections;
using Gateway.Core.Messages;
using Gateway.Core.Moderation;

namespace Gateway.Security.Tokens;

/// <summary>
/// Says whether a token is good, and whose it is. What is wrong with a bad one goes to the log and the counter, as one of a few words; the client hears
/// <c>Invalid token</c> and no more.
/// </summary>
internal sealed partial class TokenVerifier : IDisposable
{
    private readonly AuthOptions _auth;
    private readonly IKeySource? _keys;
    private readonly Doorkeeper _doorkeeper;
    private readonly Counter<long> _failures;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <exception cref="InvalidOperationException">The options name no key that can be used.</exception>
    public TokenVerifier(GatewayOptions options, Doorkeeper doorkeeper, GatewayMeter meter, TimeProvider time, ILogger<TokenVerifier> logger)
    {
        _auth = options.Auth;
        _doorkeeper = doorkeeper;
        _time = time;
        _logger = logger;
        _failures = meter.Counter("gateway_auth_failures_total", "Requests, first messages and refreshes without a good token.");
        if (_auth.Mode == AuthMode.Jwt) _keys = Source(_auth, time, logger);
    }

    /// <summary>Everyone needs a token.</summary>
    public bool IsOn => _keys != null;

    public async ValueTask<(Bearer? Bearer, Error? Error)> VerifyAsync(string token)
    {
        if (_keys == null) return (null, Error.InvalidToken);
        if (CompactToken.Read(token) is not { } compact) return Refuse("malformed");
        _keys.RefreshIfOld();
        if (_keys.Current is not { } known || !known.Knows(compact.KeyId)) await _keys.RefreshAsync();
        return _keys.Current is { } keys ? Check(compact, keys) : (null, Fail("keys away", Error.KeysAway));
    }

    /// <summary>Notes that somebody came without a token.</summary>
    public Error Missing() => Fail("missing", Error.Unauthorized);

    public void Dispose() => (_keys as IDisposable)?.Dispose();

    private static IKeySource Source(AuthOptions auth, TimeProvider time, ILogger logger)
    {
        if (auth.SigningKey.Length > 0)
        {
            var secret = Encoding.UTF8.GetBytes(auth.SigningKey);
            return secret.Length >= TokenKey.MinSecretBytes
                ? new FixedKey(TokenKey.OfSecret(secret))
                : throw new InvalidOperationException($"auth.signing_key is too short; allowed: at least {TokenKey.MinSecretBytes} bytes");
        }
        if (auth.PublicKeyFile.Length > 0)
        {
            var (text, problem) = TextFile.Read(auth.PublicKeyFile, Directory.GetCurrentDirectory());
            var (key, unusable) = text == null ? (null, problem) : PemKey.Read(text);
            return key != null ? new FixedKey(key) : throw new InvalidOperationException($"auth.public_key_file {unusable}");
        }
        return auth.Authority.Length > 0
            ? new AuthorityKeys(auth.Authority, time, logger)
            : throw new InvalidOperationException("auth.mode: jwt needs one of auth.signing_key, auth.public_key_file, auth.authority");
    }

    private (Bearer?, Error?) Check(CompactToken token, KeySet keys)
    {
        if (!keys.Knows(token.KeyId)) return Refuse("unknown key");
        var candidates = keys.For(token.Algorithm, token.KeyId).ToList();
        if (candidates.Count == 0) return Refuse("algorithm not allowed");
        if (!candidates.Exists(key => key.Verifies(token.Algorithm, token.SigningInput, token.Signature))) return Refuse("bad signature");
        if (TokenClaims.Read(token.Claims, _auth.RolesClaim) is not { } claims) return Refuse("claims missing");
        var issuer = _auth.Issuer.Length > 0 ? _auth.Issuer : keys.Issuer;
        if (issuer != null && claims.Issuer != issuer) return Refuse("wrong issuer");
        if (_auth.Audience.Length > 0 && !claims.Audiences.Contains(_auth.Audience, StringComparer.Ordinal)) return Refuse("wrong audience");
        var now = _time.GetUtcNow();
        if (claims.NotBefore is { } start && start > now + _auth.ClockSkew) return Refuse("not valid yet");
        if (claims.ExpiresAt <= now - _auth.ClockSkew) return Refuse("expired");
        if (_doorkeeper.IsRevoked(claims.User.Id, claims.IssuedAt)) return Refuse("revoked");
        // A token that comes within the tolerance is good for what is left of it.
        var end = claims.ExpiresAt > now ? claims.ExpiresAt : claims.ExpiresAt + _auth.ClockSkew;
        return (new Bearer(claims.User, new TokenTerm(claims.ExpiresAt, end, _auth.ExpiryWarning)), null);
    }

    private (Bearer?, Error?) Refuse(string why) => (null, Fail(why, Error.InvalidToken));

    private Error Fail(string why, Error error)
    {
        _failures.Add(1, new KeyValuePair<string, object?>("reason", why));
        Log.Refused(_logger, why);
        return error;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Refused for its token: {Reason}")]
        public static partial void Refused(ILogger logger, string reason);
    }
}
