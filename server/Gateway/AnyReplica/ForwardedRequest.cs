using System.Buffers;
using System.Buffers.Text;
using System.Net;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.AnyReplica;

/// <summary>
/// What a replica says of a request that it forwards: for whom, when, and who the client is. In a header of its own, as base64url of JSON, a dot, and base64url of
/// HMAC-SHA-256 over method, target and that JSON. Nobody else can make one, and it holds for this request and a short time only.
/// </summary>
/// <param name="To">The replica that it is for: another one may have taken over its address.</param>
/// <param name="At">Unix milliseconds.</param>
/// <param name="Address">The client's, as the forwarding replica sees it.</param>
/// <param name="User">Who the host application says the client is; <c>null</c> for nobody.</param>
internal sealed record ForwardedRequest(string To, long At, string? Address, int Port, ForwardedUser? User)
{
    public const string Header = "X-Gateway-Forwarded";

    /// <summary>By how much the replicas' clocks may differ, the way included.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(2);

    public static ForwardedRequest Of(HttpContext context, string to, TimeProvider time) => new(
        to, time.GetUtcNow().ToUnixTimeMilliseconds(), context.Connection.RemoteIpAddress?.ToString(), context.Connection.RemotePort, ForwardedUser.Of(context.User));

    public string Write(string method, string target, ReplicaKey key)
    {
        var content = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this, ForwardedJson.Default.ForwardedRequest));
        Span<byte> signature = stackalloc byte[ReplicaKey.SignatureBytes];
        key.Sign(SignedFor.ForwardedRequest, Signed(method, target, content), signature);
        return $"{content}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>See <see cref="Write"/>.</summary>
    /// <returns><c>null</c>: no replica of this gateway has sent it, or not now.</returns>
    public static ForwardedRequest? Read(string header, string method, string target, ReplicaKey key, TimeProvider time)
    {
        if (header.Split('.') is not [var content, var signature]) return null;
        Span<byte> bytes = stackalloc byte[ReplicaKey.SignatureBytes + 3];
        if (Base64Url.DecodeFromChars(signature, bytes, out _, out var length) != OperationStatus.Done || length != ReplicaKey.SignatureBytes) return null;
        if (!key.IsSigned(SignedFor.ForwardedRequest, Signed(method, target, content), bytes[..length])) return null;
        var request = JsonSerializer.Deserialize(Base64Url.DecodeFromChars(content), ForwardedJson.Default.ForwardedRequest)!; // signed, so it is as we wrote it
        return (time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(request.At)).Duration() <= Tolerance ? request : null;
    }

    /// <summary>Makes the request what it was where it arrived first.</summary>
    public void Restore(HttpContext context)
    {
        context.Connection.RemoteIpAddress = IPAddress.TryParse(Address, out var address) ? address : null;
        context.Connection.RemotePort = Port;
        // A host application that knows the client by its headers has seen these here, too.
        if (User != null && context.User.Identity?.IsAuthenticated != true) context.User = User.ToPrincipal();
    }

    private static byte[] Signed(string method, string target, string content) => Encoding.UTF8.GetBytes($"{method}\n{target}\n{content}");
}

/// <summary>The authenticated user of a request.</summary>
internal sealed record ForwardedUser(string AuthenticationType, string NameType, string RoleType, IReadOnlyList<ForwardedClaim> Claims)
{
    public static ForwardedUser? Of(ClaimsPrincipal user) => user.Identity is ClaimsIdentity { IsAuthenticated: true } identity
        ? new(identity.AuthenticationType!, identity.NameClaimType, identity.RoleClaimType, [.. identity.Claims.Select(c => new ForwardedClaim(c.Type, c.Value, c.ValueType, c.Issuer))])
        : null;

    public ClaimsPrincipal ToPrincipal() => new(new ClaimsIdentity(Claims.Select(c => new Claim(c.Type, c.Value, c.ValueType, c.Issuer)), AuthenticationType, NameType, RoleType));
}

internal sealed record ForwardedClaim(string Type, string Value, string ValueType, string Issuer);

[JsonSerializable(typeof(ForwardedRequest))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class ForwardedJson : JsonSerializerContext;
