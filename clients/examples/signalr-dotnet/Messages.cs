namespace SignalRDotNet;

// The payloads, as far as the example looks at them; docs/protocol.md shows them whole. Names on the wire are snake_case.
internal sealed record Welcome(string Username, string Replica, IReadOnlyList<EnteredRoom> Rooms);

internal sealed record EnteredRoom(string Room);

internal sealed record Chat(string Room, string Username, string Content);

internal sealed record SystemEvent(string Event, string? Room, string? Username);

internal sealed record Metrics(string Replica, ConnectionFigures Connections, double DeliveriesPerSecond);

internal sealed record ConnectionFigures(int Total, int Raw, int Signalr);
