using System.Net;
using System.Reflection;
using System.Text;
using Gateway.Configuration;

namespace Gateway.Pages;

/// <summary>
/// The page at <c>/</c>: live charts, the chat in both dialects side by side, and what an operator needs. <c>clients/dashboard</c> is built into this assembly where
/// Node.js is; where it was not, the first page takes its place.
/// </summary>
public static class Dashboard
{
    private const string Folder = "dashboard/";
    private const string Index = "index.html";

    /// <summary>Nothing but what the page's own origin serves runs, and it connects to nothing else.</summary>
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Was it built into this assembly?</summary>
    public static bool IsThere => typeof(Dashboard).Assembly.GetManifestResourceInfo(Folder + Index) != null;

    /// <summary>Needs <c>AddGateway</c>. The page finds the gateway's endpoints below wherever it is served from itself.</summary>
    public static void MapDashboard(this IEndpointRouteBuilder endpoints)
    {
        if (!IsThere)
        {
            endpoints.MapFirstPage();
            return;
        }
        var options = endpoints.ServiceProvider.GetRequiredService<ProgramOptions>();
        var assembly = typeof(Dashboard).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal)))
        {
            var path = name[Folder.Length..];
            if (path == Index) endpoints.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], Page(Shell(Read(assembly, name), options)));
            else endpoints.MapMethods("/" + path, [HttpMethods.Get, HttpMethods.Head], new PageFile(Read(assembly, name), TypeOf(path), IsImmutable: true).WriteAsync);
        }
    }

    private static RequestDelegate Page(byte[] shell)
    {
        var file = new PageFile(shell, "text/html; charset=utf-8", IsImmutable: false);
        return context =>
        {
            context.Response.Headers.ContentSecurityPolicy = Policy;
            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            return file.WriteAsync(context);
        };
    }

    private static byte[] Shell(byte[] html, ProgramOptions options) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(html)
        .Replace("{raw_path}", WebUtility.HtmlEncode(options.Raw.Path), StringComparison.Ordinal)
        .Replace("{hub_path}", WebUtility.HtmlEncode(options.SignalR.Path), StringComparison.Ordinal));

    private static string TypeOf(string path) => Path.GetExtension(path) switch
    {
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };

    private static byte[] Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        using var whole = new MemoryStream();
        stream.CopyTo(whole);
        return whole.ToArray();
    }
}
