using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gateway.Core.Connections;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Security;

/// <summary>
/// Anonymous users. Who they are follows from a key that only they know, so a client that connects again with its key is the same user on
/// any replica, and nothing has to be kept. The key cannot be found from the user id.
/// </summary>
internal static class Guest
{
    private const int KeyBytes = 16;
    private const int IdBytes = 12;
    private const int NameLength = 10;
    private const int MinKeyLength = 22; // of 128 random bits in base64url
    private const int MaxKeyLength = 128;

    /// <summary>
    /// What a key's characters have to differ by: a random one of 22 has about 90, even if it is digits alone more than 60.
    /// </summary>
    private const double MinKeyBits = 48;

    /// <param name="key">As it stands in the query; empty for a new guest.</param>
    /// <param name="name">Empty: the beginning of the user id, which is short to read and, in every message, to send.</param>
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
    /// Shannon's entropy of the characters. It does not tell a random key from a sentence, but refuses one that repeats a few letters,
    /// which anyone would guess.
    /// </summary>
    private static double BitsOf(string key) =>
        key.GroupBy(c => c).Sum(same => same.Count() * Math.Log2((double)key.Length / same.Count()));
}
