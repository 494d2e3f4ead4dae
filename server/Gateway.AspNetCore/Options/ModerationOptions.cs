namespace Gateway.AspNetCore.Options;

public sealed class ModerationOptions
{
    /// <summary>The role that lets a user mute, kick and ban.</summary>
    public string Role { get; set; } = "moderator";

    /// <summary>How long a revocation is remembered, 1m to 8784h: no token may live longer.</summary>
    public TimeSpan RevocationTtl { get; set; } = TimeSpan.FromDays(30);
}
