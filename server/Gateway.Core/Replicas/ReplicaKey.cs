using System.Security.Cryptography;

namespace Gateway.Core.Replicas;

/// <summary>What is signed: a signature made for one purpose is none for another.</summary>
internal enum SignaturePurpose
{
    ConnectionToken,
    ForwardedRequest,
}

/// <summary>
/// The secrets that the replicas of one gateway share: the first signs, all verify. They come from the configuration, or are random where there is only one replica,
/// or are shared through Redis where users are anonymous anyway.
/// </summary>
internal sealed class ReplicaKey
{
    public const int SignatureBytes = HMACSHA256.HashSizeInBytes;
    public const int SecretBytes = 32;

    private volatile Secret[] _secrets = [];

    /// <summary>The configuration gives the secrets: nobody else sets them.</summary>
    public bool IsConfigured { get; init; }

    /// <summary>False until the backplane has told it.</summary>
    public bool IsKnown => _secrets.Length > 0;

    /// <param name="secrets">The one that signs first.</param>
    public void Set(params IReadOnlyList<byte[]> secrets) => _secrets = [.. secrets.Select(secret => new Secret(secret))];

    public void Sign(SignaturePurpose purpose, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        if (_secrets is not [var first, ..]) throw new InvalidOperationException("the replicas' key is not known yet");
        HMACSHA256.HashData(first.For(purpose), data, signature);
    }

    /// <summary>Takes the same time whether it is nearly right or not at all.</summary>
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
