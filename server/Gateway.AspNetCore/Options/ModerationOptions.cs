namespace Gateway.AspNetCore.Options;

/// <summary>Options for moderation.</summary>
public sealed class ModerationOptions
{
    /// <summary>Gets or sets the role of users who may mute, kick and ban. The default is <c>moderator</c>.</summary>
    public string Role { get; set; } = "moderator";

    /// <summary>
    /// Gets or sets how long a revocation is remembered, from 1 minute to 8784 hours. A token that lives longer is rejected. The default is
    /// 30 days.
    /// </summary>
    public TimeSpan RevocationTtl { get; set; } = TimeSpan.FromDays(30);
}
