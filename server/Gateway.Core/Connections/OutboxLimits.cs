namespace Gateway.Core.Connections;

/// <summary>How much may wait for one connection.</summary>
/// <param name="Messages">Messages waiting, at least 1.</param>
/// <param name="Bytes">Bytes waiting, at least 1.</param>
internal sealed record OutboxLimits(int Messages, long Bytes);
