using System.Collections.Frozen;
using System.Text.Json;
using Gateway.Core.Connections;

namespace Gateway.Security.Tokens;

/// <summary>What a token says (RFC 7519 section 4, and OpenID Connect's names).</summary>
internal sealed class TokenClaims
{
    private const int MaxSubLength = 256;
    private const long LastSecond = 253_402_300_799; // of the year 9999

    private TokenClaims(UserIdentity user) => User = user;

    public UserIdentity User { get; }
    public string? Issuer { get; private init; }
    public IReadOnlyList<string> Audiences { get; private init; } = [];
    public DateTimeOffset ExpiresAt { get; private init; }
    public DateTimeOffset? NotBefore { get; private init; }

    /// <summary>Without it a token is as old as can be.</summary>
    public DateTimeOffset IssuedAt { get; private init; }

    /// <param name="rolesClaim">A claim, or the way to one with dots.</param>
    /// <returns><c>null</c> if it is no set of claims, or <c>sub</c> or <c>exp</c> is missing or of the wrong kind.</returns>
    public static TokenClaims? Read(ReadOnlyMemory<byte> json, string rolesClaim)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var claims = document.RootElement;
            if (claims.ValueKind != JsonValueKind.Object) return null;
            if (Text(claims, "sub") is not { Length: > 0 and <= MaxSubLength } sub || sub.Any(char.IsControl)) return null;
            if (Time(claims, "exp") is not { } expires) return null;
            if (claims.TryGetProperty("nbf", out _) && Time(claims, "nbf") == null) return null;
            return new TokenClaims(new UserIdentity(sub, NameOf(claims, sub), Text(claims, "azp") ?? Text(claims, "client_id")) { Roles = Roles(claims, rolesClaim), SessionId = Text(claims, "sid") })
            {
                Issuer = Text(claims, "iss"),
                Audiences = claims.TryGetProperty("aud", out var audience) ? Texts(audience) : [],
                ExpiresAt = expires,
                NotBefore = Time(claims, "nbf"),
                IssuedAt = Time(claims, "iat") ?? DateTimeOffset.UnixEpoch,
            };
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return null; // no JSON, or half a surrogate pair in it
        }
    }

    /// <summary>Others see it: at most as long as one that a guest may choose, and nothing in it that does not print.</summary>
    private static string NameOf(JsonElement claims, string sub)
    {
        var name = new string([.. (Text(claims, "preferred_username") ?? Text(claims, "name") ?? sub).Where(c => !char.IsControl(c))]).Trim();
        if (name.Length > UserIdentity.MaxNameLength) name = name[..(char.IsHighSurrogate(name[UserIdentity.MaxNameLength - 1]) ? UserIdentity.MaxNameLength - 1 : UserIdentity.MaxNameLength)];
        return name.Length > 0 ? name : sub;
    }

    private static FrozenSet<string> Roles(JsonElement claims, string path)
    {
        if (claims.TryGetProperty(path, out var whole)) return Words(whole); // names of claims may have dots themselves
        var at = claims;
        foreach (var name in path.Split('.'))
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at))
                return FrozenSet<string>.Empty;
        return Words(at);
    }

    private static FrozenSet<string> Words(JsonElement value) =>
        (value.ValueKind == JsonValueKind.String ? value.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries) : Texts(value)).ToFrozenSet(StringComparer.Ordinal);

    private static string[] Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => [.. value.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!)],
        _ => [],
    };

    private static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    private static DateTimeOffset? Time(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and <= LastSecond
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
            : null;
}
