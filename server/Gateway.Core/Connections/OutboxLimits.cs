namespace Gateway.Core.Connections;

/// <summary>The limits of an outbox.</summary>
/// <param name="Messages">The maximum number of waiting messages, at least 1.</param>
/// <param name="Bytes">The maximum size of waiting messages in bytes, at least 1.</param>
internal sealed record OutboxLimits(int Messages, long Bytes);
