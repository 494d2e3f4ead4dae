using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Core.Idempotency;

/// <summary>
/// The key under which the backplane knows a message that its sender may send again: the user and the id that the user gave it. A hash, so that keys
/// are short whatever a client sends, and no user can name another one's.
/// </summary>
internal static class MessageIdempotencyKey
{
    private const int KeyBytes = 16;

    public static string? Key(string userId, string? messageId)
    {
        if (messageId == null) return null;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{userId.Length}:{userId}{messageId}"), hash);
        return Base64Url.EncodeToString(hash[..KeyBytes]);
    }
}
