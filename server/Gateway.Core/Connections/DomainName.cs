namespace Gateway.Core.Connections;

/// <summary>Names the broadcast domain that a service belongs to.</summary>
/// <param name="Value">Empty for the default domain.</param>
internal sealed record DomainName(string Value);
