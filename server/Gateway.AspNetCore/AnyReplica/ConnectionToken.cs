using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using Gateway.Core.Replicas;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// The token by which a client names its connection on any replica. <c>negotiate</c> returns it. In base64url:
/// <code>
/// 1 byte    version, 2
/// 8 bytes   until when the connection may start, Unix milliseconds, big-endian
/// 4 texts   the connection's replica; the connection's id; the framework's own token; the user's hash. Each a length byte and UTF-8
/// 32 bytes  HMAC-SHA-256 of the bytes before
/// </code>
/// The client can read the token. It reveals nothing secret: the framework's token is useless without the rest.
/// </summary>
/// <param name="User">A hash of the authenticated user's id, as <see cref="ConnectionUser"/> makes it; empty where the client that
/// negotiated was anonymous.</param>
/// <param name="StartDeadline">Until when the connection may start, by the clock of its replica, which checks it. A started connection may
/// last longer.</param>
internal sealed record ConnectionToken(
    string Replica, string ConnectionId, string FrameworkToken, string User, DateTimeOffset StartDeadline)
{
    /// <summary>Longer than the framework keeps a connection that does not start (15 s).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private const byte Version = 2;
    private const int HeaderBytes = 1 + sizeof(long);
    private const int MaxText = byte.MaxValue;
    private const int MaxBytes = HeaderBytes + (4 * (1 + MaxText)) + ReplicaKey.SignatureBytes;
    private const int MaxLength = (MaxBytes * 4 / 3) + 4;

    public string Write(ReplicaKey key)
    {
        Span<byte> bytes = stackalloc byte[MaxBytes];
        bytes[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(bytes[1..], StartDeadline.ToUnixTimeMilliseconds());
        var end = HeaderBytes;
        foreach (var text in (ReadOnlySpan<string>)[Replica, ConnectionId, FrameworkToken, User])
        {
            var length = Encoding.UTF8.GetBytes(text, bytes.Slice(end + 1, MaxText));
            bytes[end] = (byte)length;
            end += 1 + length;
        }
        key.Sign(SignaturePurpose.ConnectionToken, bytes[..end], bytes[end..]);
        return Base64Url.EncodeToString(bytes[..(end + ReplicaKey.SignatureBytes)]);
    }

    /// <summary>See <see cref="Write"/>.</summary>
    /// <returns><c>null</c> if the token is not from this gateway.</returns>
    public static ConnectionToken? Read(string text, ReplicaKey key)
    {
        Span<byte> buffer = stackalloc byte[MaxBytes + 3];
        if (text.Length > MaxLength || Base64Url.DecodeFromChars(text, buffer, out _, out var length) != OperationStatus.Done) return null;
        if (length < HeaderBytes + 4 + ReplicaKey.SignatureBytes) return null;
        var signed = buffer[..(length - ReplicaKey.SignatureBytes)];
        var signature = buffer[signed.Length..length];
        if (!key.Verify(SignaturePurpose.ConnectionToken, signed, signature) || signed[0] != Version) return null;
        var startDeadline = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(signed[1..]));
        ReadOnlySpan<byte> rest = signed[HeaderBytes..]; // signed, so it is as we wrote it
        return new ConnectionToken(Take(ref rest), Take(ref rest), Take(ref rest), Take(ref rest), startDeadline);
    }

    private static string Take(ref ReadOnlySpan<byte> rest)
    {
        var text = Encoding.UTF8.GetString(rest.Slice(1, rest[0]));
        rest = rest[(1 + rest[0])..];
        return text;
    }
}
