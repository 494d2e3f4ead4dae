using System.Security.Cryptography.X509Certificates;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// Decides whether to accept another replica's certificate that is not valid for its address. By default none is accepted.
/// </summary>
internal sealed record ReplicaCertificate(Func<X509Certificate?, bool> IsOurs)
{
    public static ReplicaCertificate Validated { get; } = new(_ => false);
}
