using System.Text.Json.Serialization;

namespace Gateway.Cli;

[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(Figures))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class CliJson : JsonSerializerContext;

/// <summary>The figures of one replica in the metrics stream.</summary>
internal sealed record Figures(
    string Replica, double UptimeSeconds, ConnectionFigures Connections, int Rooms, double MessagesInPerSecond, double MessagesOutPerSecond,
    double DeliveriesPerSecond, long Dropped, double CpuPercent, long MemoryBytes);

internal sealed record ConnectionFigures(int Total, int Raw, int Signalr);
