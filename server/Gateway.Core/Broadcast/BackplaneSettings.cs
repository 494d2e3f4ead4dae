namespace Gateway.Core.Broadcast;

/// <summary>The options of a domain that a backplane needs.</summary>
/// <param name="IdempotencyWindow">How long idempotency keys are remembered.</param>
/// <param name="PresenceGrace">How long a user stays listed after its last connection has closed.</param>
/// <param name="MessagesPerUser">
/// How many messages a user may send in <paramref name="MessagesPerUserWindow"/>, on all replicas together; 0 = no limit.
/// </param>
/// <param name="MessagesPerUserWindow">The length of the window.</param>
public sealed record BackplaneSettings(
    TimeSpan IdempotencyWindow, TimeSpan PresenceGrace, int MessagesPerUser, TimeSpan MessagesPerUserWindow);
