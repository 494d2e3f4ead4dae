using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gateway.Configuration;

namespace Gateway.Pages;

/// <summary>
/// The page at <c>/</c> of a gateway that was built without Node.js: the lobby's chat and the live metrics, over a raw WebSocket. It is one
/// file without dependencies. Its policy lets a browser run and load only what is in the file.
/// </summary>
internal static class FallbackPage
{
    /// <summary>Maps the page, which finds the raw endpoint relative to its own address.</summary>
    public static IEndpointConventionBuilder MapFallbackPage(this IEndpointRouteBuilder endpoints)
    {
        var options = endpoints.ServiceProvider.GetRequiredService<ProgramOptions>();
        var html = Encoding.UTF8.GetString(PageFile.ReadResource("Gateway.Pages.fallback-page.html"))
            .ReplaceLineEndings("\n") // a browser hashes parsed text, in which every line ends with \n
            .Replace("{raw_path}", WebUtility.HtmlEncode(options.Raw.Path), StringComparison.Ordinal);
        var policy = $"default-src 'none'; script-src '{HashOf(html, "script")}'; style-src '{HashOf(html, "style")}'; "
            + "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        return new PageFile(Encoding.UTF8.GetBytes(html), "text/html; charset=utf-8", Policy: policy).Map(endpoints, "/");
    }

    /// <summary>The hash of an element's content, in the form of Content Security Policy Level 3, section 2.3.1.</summary>
    private static string HashOf(string html, string tag)
    {
        var start = html.IndexOf($"<{tag}>", StringComparison.Ordinal) + tag.Length + 2;
        var end = html.IndexOf($"</{tag}>", start, StringComparison.Ordinal);
        return "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(html[start..end])));
    }
}
