namespace Gateway.Core.Broadcast;

/// <summary>What every backplane of a domain needs to know of the domain's options.</summary>
/// <param name="IdempotencyWindow">How long a published message is known by its idempotency key.</param>
/// <param name="PresenceGrace">How long a user stays listed after its last connection.</param>
/// <param name="MessagesPerUser">That one user may send in <paramref name="MessagesPerUserWindow"/>, on all replicas together; 0 = no limit.</param>
public sealed record BackplaneSettings(TimeSpan IdempotencyWindow, TimeSpan PresenceGrace, int MessagesPerUser, TimeSpan MessagesPerUserWindow);
