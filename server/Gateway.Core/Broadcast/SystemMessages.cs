namespace Gateway.Core.Broadcast;

/// <summary>
/// Whether the clients of the domain get the gateway's own messages, <c>welcome</c> and <c>system</c>. Clients of the application's own
/// hubs do not know them.
/// </summary>
internal sealed record SystemMessages(bool AreSent);
