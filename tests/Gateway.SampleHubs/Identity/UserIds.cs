using Microsoft.AspNetCore.SignalR;

namespace Gateway.SampleHubs.Identity;

/// <summary>A user's id is not what any claim says by itself.</summary>
public sealed class UserIds : IUserIdProvider
{
    public string? GetUserId(HubConnectionContext connection) => connection.User.Identity?.Name is { } name ? $"user {name}" : null;
}
