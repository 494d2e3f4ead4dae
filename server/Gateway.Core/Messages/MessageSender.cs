namespace Gateway.Core.Messages;

/// <summary>The sender of a message of a custom type. The gateway writes it beside the payload, so a client cannot forge it.</summary>
/// <param name="UserId">The user's id.</param>
/// <param name="Username">The user's display name.</param>
public sealed record MessageSender(string UserId, string Username);
