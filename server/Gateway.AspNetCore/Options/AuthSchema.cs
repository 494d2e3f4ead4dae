using Gateway.Core.Configuration;

namespace Gateway.AspNetCore.Options;

/// <summary>The configuration keys of authentication and permissions.</summary>
internal static class AuthSchema
{
    private static readonly Value<TimeSpan> Wait = Values.Time(TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));

    private static readonly Value<string> Pattern = Values.Text(
        "a room name of 1 to 128 characters without white space or control characters, where * stands for any text, or one {sub} for the "
        + "user's id",
        text =>
            TextRules.IsName(text) && text.Split("{sub}") is var parts
                && (parts.Length == 1 || (parts.Length == 2 && !text.Contains('*'))));

    private static readonly Value<string> Role = Values.Text(
        "a role of 1 to 128 characters, or * for everyone", text => text.Length is > 0 and <= 128 && !text.Any(char.IsControl));

    public static Section<AuthOptions> Auth { get; } = new()
    {
        { o => o.Mode, Values.Choice<AuthMode>() },
        { o => o.SigningKey, new RotatedKeys(TextRules.TokenKey) },
        { o => o.PublicKeyFile, TextRules.Anything },
        {
            o => o.Authority, Values.Text(
                "empty, or an address such as https://id.example.com/realms/main; http only on this machine itself",
                text => text.Length == 0 || IsAuthority(text))
        },
        { o => o.Issuer, TextRules.Anything },
        { o => o.Audience, TextRules.Anything },
        { o => o.ClockSkew, Values.Time(TimeSpan.Zero, TimeSpan.FromMinutes(5)) },
        {
            o => o.RolesClaim, Values.Text(
                "the name of a claim, or names with dots between, such as realm_access.roles", text => !string.IsNullOrWhiteSpace(text))
        },
        { o => o.FirstMessageTimeout, Wait },
        { o => o.ExpiryWarning, Values.Time(TimeSpan.Zero, TimeSpan.FromHours(1)) },
    };

    public static ListOf<RoomPermissionOptions> Permissions { get; } = new(
        new Section<RoomPermissionOptions>
        {
            { o => o.Match, Pattern },
            { o => o.Join, new ListOf<string>(Role, () => "") },
            { o => o.Publish, new ListOf<string>(Role, () => "") },
            { o => o.History, new ListOf<string>(Role, () => "") },
            { o => o.Presence, new ListOf<string>(Role, () => "") },
        },
        () => new RoomPermissionOptions());

    /// <summary>Keys must come over TLS, or from this machine: without TLS anyone could replace them.</summary>
    private static bool IsAuthority(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Query.Length == 0 && uri.Fragment.Length == 0 && uri.UserInfo.Length == 0
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));
}
