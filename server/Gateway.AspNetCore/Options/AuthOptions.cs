namespace Gateway.AspNetCore.Options;

public enum AuthMode
{
    /// <summary>Anonymous users.</summary>
    None,

    /// <summary>Everyone brings a token, signed by one of three kinds of key.</summary>
    Jwt,
}

public sealed class AuthOptions
{
    public AuthMode Mode { get; set; }

    /// <summary>An HS256 secret of at least 32 bytes; or two of them, both of which hold, while one takes the place of the other.</summary>
    public IList<string> SigningKey { get; set; } = [""];

    /// <summary>A PEM file with an RSA or EC public key.</summary>
    public string PublicKeyFile { get; set; } = "";

    /// <summary>An OpenID Connect issuer, whose keys are found by discovery.</summary>
    public string Authority { get; set; } = "";

    /// <summary>What <c>iss</c> has to be. Empty: what the authority calls itself; without one anything.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>What <c>aud</c> has to hold. Empty, where a key of one's own allows that: anything.</summary>
    public string Audience { get; set; } = "";

    /// <summary>By how much the issuer's clock may differ, 0 to 5m.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The claim that holds the roles, or the way to it with dots.</summary>
    public string RolesClaim { get; set; } = "roles";

    /// <summary>How long a connection that was opened with <c>auth=message</c> may take to send its token.</summary>
    public TimeSpan FirstMessageTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long ahead of its token's end a client is told.</summary>
    public TimeSpan ExpiryWarning { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>Who may do what in which rooms. A list holds roles of which a user needs one; <c>*</c> is everyone; an empty one leaves it to the server.</summary>
public sealed class RoomPermissionOptions
{
    /// <summary>A room's name; <c>*</c> stands for any text, or <c>{sub}</c> for the id of the one user whose room it is.</summary>
    public string Match { get; set; } = "";
    public IList<string> Join { get; set; } = ["*"];
    public IList<string> Publish { get; set; } = ["*"];
    public IList<string> History { get; set; } = ["*"];
    public IList<string> Presence { get; set; } = ["*"];
}
