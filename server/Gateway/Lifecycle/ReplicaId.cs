using System.Security.Cryptography;

namespace Gateway.Lifecycle;

/// <summary>Tells this process from the other replicas: the machine's name and something random, new at every start.</summary>
internal sealed record ReplicaId(string Value)
{
    public static ReplicaId New() => new($"{Environment.MachineName.ToLowerInvariant()}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}");
}
