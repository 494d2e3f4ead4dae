using Gateway.Core.Configuration;

namespace Gateway.AspNetCore.Admin;

/// <summary>The configuration keys of the admin API.</summary>
internal static class AdminSchema
{
    public static Section<AdminOptions> Admin { get; } = new() { { o => o.ApiKey, new RotatedKeys(TextRules.ApiKey) } };
}
