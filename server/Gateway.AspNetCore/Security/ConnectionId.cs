using System.Buffers.Text;
using System.Security.Cryptography;

namespace Gateway.AspNetCore.Security;

/// <summary>Creates connection ids like SignalR's: 128 random bits in 22 characters.</summary>
internal static class ConnectionId
{
    public static string New()
    {
        Span<byte> bits = stackalloc byte[16];
        RandomNumberGenerator.Fill(bits);
        return Base64Url.EncodeToString(bits);
    }
}
