using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gateway.Configuration;

namespace Gateway.Pages;

/// <summary>
/// The page at <c>/</c>: the lobby's chat and the live figures, over a raw WebSocket. One file without dependencies, and a policy under which
/// a browser runs and loads nothing but what stands in it.
/// </summary>
public static class FallbackPage
{
    private const string Resource = "Gateway.Pages.first-page.html";

    /// <summary>Needs <c>AddGateway</c>. The page finds the raw endpoint below wherever it is served from itself.</summary>
    public static IEndpointConventionBuilder MapFirstPage(this IEndpointRouteBuilder endpoints)
    {
        var options = endpoints.ServiceProvider.GetRequiredService<ProgramOptions>();
        var html = Read().Replace("{raw_path}", WebUtility.HtmlEncode(options.Raw.Path), StringComparison.Ordinal);
        var policy = $"default-src 'none'; script-src '{HashOf(html, "script")}'; style-src '{HashOf(html, "style")}'; connect-src 'self'; img-src data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        var page = Encoding.UTF8.GetBytes(html);
        return endpoints.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], context =>
        {
            var headers = context.Response.Headers;
            headers.ContentType = "text/html; charset=utf-8";
            headers.ContentLength = page.Length;
            headers.CacheControl = "no-cache";
            headers.ContentSecurityPolicy = policy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            return context.Response.Body.WriteAsync(page, context.RequestAborted).AsTask();
        });
    }

    private static string Read()
    {
        using var stream = typeof(FallbackPage).Assembly.GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n"); // a browser hashes what it parsed, where every line end is one \n
    }

    /// <summary>The hash of what stands between the tags, as Content Security Policy Level 3 section 2.3.1 writes it.</summary>
    private static string HashOf(string html, string tag)
    {
        var start = html.IndexOf($"<{tag}>", StringComparison.Ordinal) + tag.Length + 2;
        var end = html.IndexOf($"</{tag}>", start, StringComparison.Ordinal);
        return "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(html[start..end])));
    }
}
