using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;

namespace Gateway.Client.Wire;

/// <summary>
/// Ids that no other client makes, so that a message can be sent again and is published once: 128 random bits, and a number.
/// </summary>
internal sealed class MessageIds
{
    private readonly string _prefix = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
    private long _last;

    public string Next() => string.Create(CultureInfo.InvariantCulture, $"{_prefix}-{Interlocked.Increment(ref _last)}");
}
