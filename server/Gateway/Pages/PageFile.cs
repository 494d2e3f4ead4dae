using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Gateway.Pages;

/// <summary>A file that is served from memory with an entity tag, compressed once for all requests.</summary>
/// <param name="Content">The file.</param>
/// <param name="ContentType">Its type, with the charset.</param>
/// <param name="IsImmutable">Whether the file's name changes with its content.</param>
/// <param name="Policy">The content security policy of a page; <c>null</c> for other files.</param>
internal sealed record PageFile(byte[] Content, string ContentType, bool IsImmutable = false, string? Policy = null)
{
    private readonly string _hash = Convert.ToHexStringLower(SHA256.HashData(Content))[..16];
    private readonly Lazy<byte[]> _brotli = new(() => Compress(Content, static to => new BrotliStream(to, CompressionLevel.SmallestSize)));
    private readonly Lazy<byte[]> _gzip = new(() => Compress(Content, static to => new GZipStream(to, CompressionLevel.SmallestSize)));

    /// <summary>Reads a resource that is embedded in this assembly.</summary>
    public static byte[] ReadResource(string name)
    {
        using var stream = typeof(PageFile).Assembly.GetManifestResourceStream(name)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    public IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, string path) =>
        endpoints.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], WriteAsync);

    private async Task WriteAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        var encoding = ChooseEncoding(context.Request);
        var tag = new EntityTagHeaderValue($"\"{_hash}{(encoding == null ? "" : "-" + encoding)}\"");
        headers.ETag = tag.ToString();
        headers.CacheControl = IsImmutable ? "public, max-age=31536000, immutable" : "no-cache";
        headers.Vary = HeaderNames.AcceptEncoding;
        headers.XContentTypeOptions = "nosniff";
        if (Policy != null)
        {
            headers.ContentSecurityPolicy = Policy;
            headers["Referrer-Policy"] = "no-referrer";
        }
        if (context.Request.GetTypedHeaders().IfNoneMatch.Any(
            known => known.Compare(tag, useStrongComparison: false) || known.Equals(EntityTagHeaderValue.Any)))
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

    /// <summary>RFC 9110 section 12.5.3. If the client prefers neither, the smaller one.</summary>
    private static string? ChooseEncoding(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().AcceptEncoding;
        double QualityOf(string name) => accepted.FirstOrDefault(a => a.Value.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } match
            ? match.Quality ?? 1 : 0;
        var (brotli, gzip) = (QualityOf("br"), QualityOf("gzip"));
        return brotli > 0 && brotli >= gzip ? "br" : gzip > 0 ? "gzip" : null;
    }

    private static byte[] Compress(byte[] content, Func<Stream, Stream> compressor)
    {
        using var compressed = new MemoryStream();
        using (var stream = compressor(compressed)) stream.Write(content);
        return compressed.ToArray();
    }
}
