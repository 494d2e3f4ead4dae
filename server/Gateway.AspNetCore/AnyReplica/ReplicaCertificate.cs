using System.Security.Cryptography.X509Certificates;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// Whether a certificate that another replica shows is the replicas' own, although it is not for the replica's address. By default none is:
/// then the usual validation decides.
/// </summary>
internal sealed record ReplicaCertificate(Func<X509Certificate?, bool> IsOurs)
{
    public static ReplicaCertificate Validated { get; } = new(_ => false);
}
