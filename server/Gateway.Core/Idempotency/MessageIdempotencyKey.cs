using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Core.Idempotency;

/// <summary>
/// The idempotency key of a message: a hash of the user's id and the message id that the client chose. Keys are short whatever a client
/// sends, and no user can use the key of another one.
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
