using System.Security.Cryptography;

namespace Gateway.AnyReplica;

/// <summary>What is signed: a signature made for one purpose is none for another.</summary>
internal enum SignedFor
{
    ConnectionToken,
    ForwardedRequest,
}

/// <summary>
/// The secret that the replicas of one gateway share: configured, or random where there is only one replica, or kept in Redis by the first that came. If
/// Redis forgets it and a newcomer makes another one, what was signed before stays good.
/// </summary>
internal sealed class ReplicaKey
{
    public const int SignatureBytes = HMACSHA256.HashSizeInBytes;
    public const int SecretBytes = 32;

    private volatile Secrets? _secrets;

    /// <summary>False until Redis has told it.</summary>
    public bool IsKnown => _secrets != null;

    public void Set(byte[] secret)
    {
        if (_secrets is { } known && CryptographicOperations.FixedTimeEquals(known.Current.Whole, secret)) return;
        _secrets = new Secrets(new Secret(secret), _secrets?.Current);
    }

    public void Sign(SignedFor purpose, ReadOnlySpan<byte> data, Span<byte> signature) =>
        HMACSHA256.HashData((_secrets ?? throw new InvalidOperationException("the replicas' key is not known yet")).Current.For(purpose), data, signature);

    /// <summary>Takes the same time whether it is nearly right or not at all.</summary>
    public bool IsSigned(SignedFor purpose, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        _secrets is { } known && (Matches(known.Current, purpose, data, signature) || (known.Former is { } former && Matches(former, purpose, data, signature)));

    private static bool Matches(Secret secret, SignedFor purpose, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        Span<byte> right = stackalloc byte[SignatureBytes];
        HMACSHA256.HashData(secret.For(purpose), data, right);
        return CryptographicOperations.FixedTimeEquals(right, signature);
    }

    private sealed record Secrets(Secret Current, Secret? Former);

    private sealed class Secret(byte[] whole)
    {
        private readonly byte[] _token = HMACSHA256.HashData(whole, "gateway connection token"u8);
        private readonly byte[] _forwarded = HMACSHA256.HashData(whole, "gateway forwarded request"u8);

        public byte[] Whole => whole;

        public byte[] For(SignedFor purpose) => purpose == SignedFor.ConnectionToken ? _token : _forwarded;
    }
}
