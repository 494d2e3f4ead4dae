using System.Buffers;
using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Core.Replicas;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>
/// Describes a forwarded request: when, to which replica, and for which client. It is sent in a header, as base64url of JSON, a dot, and
/// base64url of the HMAC-SHA-256 of method, target and JSON. The signature is valid for this request only, and for a short time. The user
/// may be too long for a header, so it is at the start of the body (<see cref="ForwardedUser"/>), and the header has its length and hash.
/// </summary>
/// <param name="To">The id of the receiving replica. Another replica may have taken over its address.</param>
/// <param name="At">Unix milliseconds.</param>
/// <param name="Address">The client's address, as the forwarding replica sees it.</param>
/// <param name="User">The part of the body with the user; <c>null</c> if anonymous.</param>
internal sealed record ForwardedRequest(string To, long At, string? Address, int Port, ForwardedUserPart? User)
{
    public const string Header = "X-Gateway-Forwarded";

    /// <summary>How much the replicas' clocks may differ, including the time on the network.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(2);

    public static ForwardedRequest Of(HttpContext context, string to, ReadOnlyMemory<byte> user, TimeProvider time) => new(
        to, time.GetUtcNow().ToUnixTimeMilliseconds(), context.Connection.RemoteIpAddress?.ToString(), context.Connection.RemotePort,
        user.IsEmpty ? null : ForwardedUserPart.Of(user.Span));

    public string Write(string method, string target, ReplicaKey key)
    {
        var content = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this, ForwardedJson.Default.ForwardedRequest));
        Span<byte> signature = stackalloc byte[ReplicaKey.SignatureBytes];
        key.Sign(SignaturePurpose.ForwardedRequest, Signed(method, target, content), signature);
        return $"{content}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>See <see cref="Write"/>.</summary>
    /// <returns><c>null</c> if no replica of this gateway has sent it, or it is too old.</returns>
    public static ForwardedRequest? Read(string header, string method, string target, ReplicaKey key, TimeProvider time)
    {
        if (header.Split('.') is not [var content, var signature]) return null;
        Span<byte> bytes = stackalloc byte[ReplicaKey.SignatureBytes + 3];
        if (Base64Url.DecodeFromChars(signature, bytes, out _, out var length) != OperationStatus.Done
            || length != ReplicaKey.SignatureBytes)
            return null;
        if (!key.Verify(SignaturePurpose.ForwardedRequest, Signed(method, target, content), bytes[..length])) return null;
        // Signed, so it is as we wrote it
        var request = JsonSerializer.Deserialize(Base64Url.DecodeFromChars(content), ForwardedJson.Default.ForwardedRequest)!;
        return (time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(request.At)).Duration() <= Tolerance ? request : null;
    }

    /// <summary>Restores the client's address and port.</summary>
    public void RestoreAddress(HttpContext context)
    {
        context.Connection.RemoteIpAddress = IPAddress.TryParse(Address, out var address) ? address : null;
        context.Connection.RemotePort = Port;
    }

    private static byte[] Signed(string method, string target, string content) => Encoding.UTF8.GetBytes($"{method}\n{target}\n{content}");
}

/// <summary>The start of a forwarded request's body, which holds the user.</summary>
/// <param name="Hash">Its SHA-256 in base64url.</param>
internal sealed record ForwardedUserPart(int Bytes, string Hash)
{
    public static ForwardedUserPart Of(ReadOnlySpan<byte> user) => new(user.Length, HashOf(user));

    public bool Matches(ReadOnlySpan<byte> user) => user.Length == Bytes && HashOf(user) == Hash;

    private static string HashOf(ReadOnlySpan<byte> user) => Base64Url.EncodeToString(SHA256.HashData(user));
}

[JsonSerializable(typeof(ForwardedRequest))]
[JsonSerializable(typeof(ForwardedUser))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class ForwardedJson : JsonSerializerContext;
