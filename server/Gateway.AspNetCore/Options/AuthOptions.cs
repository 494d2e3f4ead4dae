namespace Gateway.AspNetCore.Options;

/// <summary>Specifies how clients authenticate.</summary>
public enum AuthMode
{
    /// <summary>Clients are anonymous, unless the application has authenticated them.</summary>
    None,

    /// <summary>Every client needs a JSON Web Token (JWT).</summary>
    Jwt,
}

/// <summary>Options for the authentication of clients.</summary>
/// <remarks>
/// With <see cref="AuthMode.Jwt"/>, set exactly one of <see cref="SigningKey"/>, <see cref="PublicKeyFile"/> and <see cref="Authority"/>.
/// </remarks>
public sealed class AuthOptions
{
    /// <summary>Gets or sets how clients authenticate. The default is <see cref="AuthMode.None"/>.</summary>
    public AuthMode Mode { get; set; }

    /// <summary>
    /// Gets or sets the HS256 secret that tokens are signed with, at least 32 bytes. During a rotation, set two secrets; tokens signed with
    /// either are valid. The default is none.
    /// </summary>
    public IList<string> SigningKey { get; set; } = [];

    /// <summary>Gets or sets the path of a PEM file with an RSA or EC public key, or with a certificate.</summary>
    public string PublicKeyFile { get; set; } = "";

    /// <summary>
    /// Gets or sets the address of an OpenID Connect issuer, such as <c>https://id.example.com/realms/main</c>. The gateway finds its keys
    /// by discovery. Requires <see cref="Audience"/>.
    /// </summary>
    public string Authority { get; set; } = "";

    /// <summary>
    /// Gets or sets the required <c>iss</c> claim. If empty, the default, it is the name that the authority publishes; without an
    /// authority, the claim is not checked.
    /// </summary>
    public string Issuer { get; set; } = "";

    /// <summary>
    /// Gets or sets the required <c>aud</c> claim. If empty, the default, the claim is not checked. Required with <see cref="Authority"/>.
    /// </summary>
    public string Audience { get; set; } = "";

    /// <summary>Gets or sets how much the issuer's clock may differ, from 0 to 5 minutes. The default is 30 seconds.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Gets or sets the claim that holds the user's roles. Use dots for a nested claim, such as <c>realm_access.roles</c>. The default is
    /// <c>roles</c>.
    /// </summary>
    public string RolesClaim { get; set; } = "roles";

    /// <summary>
    /// Gets or sets how long a raw client that connects with <c>?auth=message</c> may take to send its token, from 10 milliseconds to 1
    /// hour. The default is 5 seconds.
    /// </summary>
    public TimeSpan FirstMessageTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets how long before its token expires a client is warned, from 0 to 1 hour. The default is 30 seconds.</summary>
    public TimeSpan ExpiryWarning { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>Specifies which roles may use the rooms that match a pattern.</summary>
/// <remarks>
/// Each list holds roles; a user needs one of them. <c>*</c> stands for everyone. If a list is empty, only the server may do it.
/// </remarks>
public sealed class RoomPermissionOptions
{
    /// <summary>
    /// Gets or sets the name or pattern of the rooms, 1 to 128 characters. <c>*</c> matches any text; <c>{sub}</c> matches the user's own
    /// id.
    /// </summary>
    public string Match { get; set; } = "";

    /// <summary>Gets or sets the roles that may join the room. The default is everyone.</summary>
    public IList<string> Join { get; set; } = ["*"];

    /// <summary>Gets or sets the roles that may publish to the room. The default is everyone.</summary>
    public IList<string> Publish { get; set; } = ["*"];

    /// <summary>Gets or sets the roles that may read the room's history. The default is everyone.</summary>
    public IList<string> History { get; set; } = ["*"];

    /// <summary>Gets or sets the roles that may list the room's members. The default is everyone.</summary>
    public IList<string> Presence { get; set; } = ["*"];
}
