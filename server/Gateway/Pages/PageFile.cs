using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Gateway.Pages;

/// <summary>One file of the page as it goes out: compressed once, whoever asks for it first.</summary>
/// <param name="ContentType">With its charset.</param>
/// <param name="IsImmutable">Its name changes with its content.</param>
internal sealed record PageFile(byte[] Content, string ContentType, bool IsImmutable)
{
    private readonly string _hash = Convert.ToHexStringLower(SHA256.HashData(Content))[..16];
    private readonly Lazy<byte[]> _brotli = new(() => Compress(Content, static to => new BrotliStream(to, CompressionLevel.SmallestSize)));
    private readonly Lazy<byte[]> _gzip = new(() => Compress(Content, static to => new GZipStream(to, CompressionLevel.SmallestSize)));

    public async Task WriteAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        var encoding = Encoding(context.Request);
        var tag = new EntityTagHeaderValue($"\"{_hash}{(encoding == null ? "" : "-" + encoding)}\"");
        headers.ETag = tag.ToString();
        headers.CacheControl = IsImmutable ? "public, max-age=31536000, immutable" : "no-cache";
        headers.Vary = HeaderNames.AcceptEncoding;
        headers.XContentTypeOptions = "nosniff";
        if (context.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(tag, useStrongComparison: false) || known.Equals(EntityTagHeaderValue.Any)))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        var bytes = encoding switch { "br" => _brotli.Value, "gzip" => _gzip.Value, _ => Content };
        if (encoding != null) headers.ContentEncoding = encoding;
        headers.ContentType = ContentType;
        headers.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    /// <summary>RFC 9110 section 12.5.3, of those that there are; the smaller one where the client likes both as much.</summary>
    private static string? Encoding(HttpRequest request)
    {
        var wanted = request.GetTypedHeaders().AcceptEncoding;
        double Of(string name) => wanted.FirstOrDefault(w => w.Value.Equals(name, StringComparison.OrdinalIgnoreCase))?.Quality ?? (wanted.Any(w => w.Value.Equals(name, StringComparison.OrdinalIgnoreCase)) ? 1 : 0);
        var (brotli, gzip) = (Of("br"), Of("gzip"));
        return brotli > 0 && brotli >= gzip ? "br" : gzip > 0 ? "gzip" : null;
    }

    private static byte[] Compress(byte[] content, Func<Stream, Stream> compressor)
    {
        using var compressed = new MemoryStream();
        using (var stream = compressor(compressed)) stream.Write(content);
        return compressed.ToArray();
    }
}
