using System.Security.Cryptography;

namespace Gateway.Core.Replicas;

/// <summary>What a signature is for. A signature for one purpose is invalid for another.</summary>
internal enum SignaturePurpose
{
    ConnectionToken,
    ForwardedRequest,
}

/// <summary>
/// The secrets that the replicas share: the first one signs, all of them verify. They come from the configuration; without one they are
/// random for a single replica, or shared through Redis if users are anonymous anyway.
/// </summary>
internal sealed class ReplicaKey
{
    public const int SignatureBytes = HMACSHA256.HashSizeInBytes;
    public const int SecretBytes = 32;

    private volatile Secret[] _secrets = [];

    /// <summary>Whether the secrets come from the configuration.</summary>
    public bool IsConfigured { get; init; }

    /// <summary>Whether the secrets are set. A shared key is not known until the backplane has delivered it.</summary>
    public bool IsKnown => _secrets.Length > 0;

    /// <summary>Sets the secrets. The first one signs.</summary>
    public void Set(params IReadOnlyList<byte[]> secrets) => _secrets = [.. secrets.Select(secret => new Secret(secret))];

    public void Sign(SignaturePurpose purpose, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        if (_secrets is not [var first, ..]) throw new InvalidOperationException("The replicas' key is not known yet.");
        HMACSHA256.HashData(first.For(purpose), data, signature);
    }

    /// <summary>Verifies a signature, in constant time.</summary>
    public bool Verify(SignaturePurpose purpose, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        Span<byte> right = stackalloc byte[SignatureBytes];
        var isSigned = false;
        foreach (var secret in _secrets)
        {
            HMACSHA256.HashData(secret.For(purpose), data, right);
            isSigned |= CryptographicOperations.FixedTimeEquals(right, signature);
        }
        return isSigned;
    }

    private sealed class Secret(byte[] whole)
    {
        private readonly byte[] _token = HMACSHA256.HashData(whole, "gateway connection token"u8);
        private readonly byte[] _forwarded = HMACSHA256.HashData(whole, "gateway forwarded request"u8);

        public byte[] For(SignaturePurpose purpose) => purpose == SignaturePurpose.ConnectionToken ? _token : _forwarded;
    }
}
