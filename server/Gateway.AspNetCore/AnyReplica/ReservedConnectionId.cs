namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// The id that another replica's <c>negotiate</c> promised to the client whose WebSocket has arrived here. To the framework it is a new
/// connection, which gets this id before anyone has heard of it.
/// </summary>
internal sealed record ReservedConnectionId(string Value);
