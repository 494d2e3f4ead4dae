using System.Security.Cryptography;

namespace Gateway.Core.Replicas;

/// <summary>
/// Tells this process from the other replicas. Clients see it, so it says nothing of the machine; it is random, and new at every start. Which host it is on stands in
/// the first line of the log and in the admin API.
/// </summary>
public sealed record ReplicaId(string Value)
{
    private const int HexDigits = 12;

    public static ReplicaId New() => new("r-" + RandomNumberGenerator.GetHexString(HexDigits, lowercase: true));
}
