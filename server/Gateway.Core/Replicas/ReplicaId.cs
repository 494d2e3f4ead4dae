using System.Security.Cryptography;

namespace Gateway.Core.Replicas;

/// <summary>
/// Identifies this process among the replicas. Clients see it, so it is random, new at every start, and does not name the machine. The
/// first line of the log and the admin API show the machine.
/// </summary>
/// <param name="Value">The id, such as <c>r-0123456789ab</c>.</param>
public sealed record ReplicaId(string Value)
{
    private const int HexDigits = 12;

    /// <summary>Creates a random id.</summary>
    public static ReplicaId New() => new("r-" + RandomNumberGenerator.GetHexString(HexDigits, lowercase: true));
}
