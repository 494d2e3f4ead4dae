using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Security;

/// <summary>
/// Identifies anonymous users by a key that only they know. A client that reconnects with its key is the same user on any replica, and
/// nothing is stored. The key cannot be derived from the user id.
/// </summary>
internal static class Guest
{
    private const int KeyBytes = 16;
    private const int IdBytes = 12;
    private const int NameLength = 10;
    private const int MinKeyLength = 22; // of 128 random bits in base64url
    private const int MaxKeyLength = 128;

    /// <summary>
    /// The minimum entropy of a key. A random key of 22 characters has about 90 bits, and more than 60 if it has only digits.
    /// </summary>
    private const double MinKeyBits = 48;

    /// <param name="key">The key in the query. Empty for a new guest.</param>
    /// <param name="name">The name. Empty for the start of the user id.</param>
    public static (UserIdentity? User, Error? Error) Identify(string key, string name)
    {
        if (key.Length == 0) key = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes));
        else if (key.Length is < MinKeyLength or > MaxKeyLength)
            return (null, Error.BadRequest($"guest_key must have {MinKeyLength} to {MaxKeyLength} characters"));
        else if (BitsOf(key) < MinKeyBits) return (null, Error.BadRequest("guest_key must be random: its characters repeat too much"));
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes("gateway guest " + key));
        var id = "guest-" + Base64Url.EncodeToString(hash.AsSpan(0, IdBytes));
        return (new UserIdentity(id, name.Length > 0 ? name : id[..NameLength]) { GuestKey = key }, null);
    }

    /// <summary>
    /// Returns the Shannon entropy of the characters. It does not tell a random key from a sentence, but detects a key of a few repeated
    /// letters, which is easy to guess.
    /// </summary>
    private static double BitsOf(string key) =>
        key.GroupBy(c => c).Sum(same => same.Count() * Math.Log2((double)key.Length / same.Count()));
}
