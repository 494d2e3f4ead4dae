namespace Gateway.Core.Messages;

/// <summary>Who sent a message of an own type. The gateway writes it beside the payload, so no client can forge it.</summary>
public sealed record MessageSender(string UserId, string Username);
