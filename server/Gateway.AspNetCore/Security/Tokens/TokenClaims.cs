using System.Collections.Frozen;
using System.Text.Json;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Security.Tokens;

/// <summary>
/// The user and times of a token (RFC 7519 section 4, and OpenID Connect's names). The library checks issuer and audience.
/// </summary>
internal sealed class TokenClaims
{
    private const int MaxSubLength = 256;
    private const long LastSecond = 253_402_300_799; // of the year 9999

    // With a duplicate name, two readers could see different claims.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private static readonly string[] OtherTokenClaims = ["at_hash", "c_hash", "s_hash", "events"];
    private static readonly FrozenSet<string> OtherTokenTypes = new[]
    {
        "ID",
        "Refresh",
        "Offline",
        "Logout",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private TokenClaims(UserIdentity user) => User = user;

    public UserIdentity User { get; }
    public DateTimeOffset ExpiresAt { get; private init; }
    public DateTimeOffset? NotBefore { get; private init; }

    /// <summary>Gets when the token was issued. A token without this claim counts as infinitely old.</summary>
    public DateTimeOffset? IssuedAt { get; private init; }

    /// <summary>
    /// Gets whether this is an ID, logout or refresh token of the same issuer. These have claims of their own (OpenID Connect Core 3.1.3.6,
    /// Back-Channel Logout 2.4), or with Keycloak a claim <c>typ</c>.
    /// </summary>
    public bool IsOtherToken { get; private init; }

    /// <param name="rolesClaim">The name of a claim, or its path with dots.</param>
    /// <returns><c>null</c> if the claims are malformed, or <c>sub</c> or <c>exp</c> is missing or has the wrong type.</returns>
    public static TokenClaims? Read(ReadOnlyMemory<byte> json, string rolesClaim)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            var claims = document.RootElement;
            if (claims.ValueKind != JsonValueKind.Object) return null;
            if (Text(claims, "sub") is not { Length: > 0 and <= MaxSubLength } sub || sub.Any(char.IsControl)) return null;
            if (Time(claims, "exp") is not { } expires) return null;
            if (HasInvalidTime(claims, "nbf") || HasInvalidTime(claims, "iat")) return null;
            return new TokenClaims(
                new UserIdentity(
                    sub, NameOf(claims, sub),
                    Text(claims, "azp")
                        ?? Text(claims, "client_id"))
                { Roles = Roles(claims, rolesClaim), SessionId = Text(claims, "sid") })
            {
                ExpiresAt = expires,
                NotBefore = Time(claims, "nbf"),
                IssuedAt = Time(claims, "iat"),
                IsOtherToken = OtherTokenClaims.Any(name => claims.TryGetProperty(name, out _))
                    || OtherTokenTypes.Contains(Text(claims, "typ") ?? ""),
            };
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return null; // not JSON, or it has an unpaired surrogate
        }
    }

    /// <summary>Returns the name that others see: as long as a guest's name at most, and without unprintable characters.</summary>
    private static string NameOf(JsonElement claims, string sub)
    {
        var name = NameText.Strip(Text(claims, "preferred_username") ?? Text(claims, "name") ?? sub);
        if (name.Length > UserIdentity.MaxNameLength)
        {
            var splitsPair = char.IsHighSurrogate(name[UserIdentity.MaxNameLength - 1]);
            name = name[..(splitsPair ? UserIdentity.MaxNameLength - 1 : UserIdentity.MaxNameLength)];
        }
        return name.Length > 0 ? name : sub;
    }

    private static FrozenSet<string> Roles(JsonElement claims, string path)
    {
        if (claims.TryGetProperty(path, out var whole)) return Words(whole); // the name of a claim may contain dots
        var at = claims;
        foreach (var name in path.Split('.'))
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at))
                return FrozenSet<string>.Empty;
        return Words(at);
    }

    private static FrozenSet<string> Words(JsonElement value) =>
        (value.ValueKind == JsonValueKind.String ? value.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries) : Texts(value))
            .ToFrozenSet(StringComparer.Ordinal);

    private static string[] Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => [.. value.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!)],
        _ => [],
    };

    private static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : null;

    private static bool HasInvalidTime(JsonElement claims, string name) => claims.TryGetProperty(name, out _) && Time(claims, name) == null;

    private static DateTimeOffset? Time(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds)
            && seconds is >= 0 and <= LastSecond
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
            : null;
}
