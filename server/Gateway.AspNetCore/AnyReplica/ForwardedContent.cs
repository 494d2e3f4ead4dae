using System.Net;

namespace Gateway.AspNetCore.AnyReplica;

/// <summary>The body of a forwarded request: the user, then the client's own body.</summary>
/// <param name="body"><c>null</c> if the client's request cannot have one.</param>
/// <param name="bodyLength"><c>null</c> if the client does not say.</param>
internal sealed class ForwardedContent(ReadOnlyMemory<byte> user, Stream? body, long? bodyLength) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, default);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(user, cancellationToken);
        if (body != null) await body.CopyToAsync(stream, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = user.Length + (bodyLength ?? 0);
        return body == null || bodyLength != null;
    }
}
