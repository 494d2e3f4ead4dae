namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// The connection id from another replica's <c>negotiate</c>, for a WebSocket that has arrived here. The framework sees a new connection,
/// which gets this id before it is used.
/// </summary>
internal sealed record ReservedConnectionId(string Value);
