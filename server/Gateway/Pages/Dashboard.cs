using System.Net;
using System.Text;
using Gateway.Configuration;

namespace Gateway.Pages;

/// <summary>
/// The page at <c>/</c>: live charts, the chat in both dialects side by side, and what an operator needs. It is built from
/// <c>clients/dashboard</c> and embedded in this assembly. A build without Node.js has the fallback page instead.
/// </summary>
internal static class Dashboard
{
    private const string Folder = "dashboard/";
    private const string Index = "index.html";

    /// <summary>The page runs and connects to nothing but its own origin.</summary>
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Whether the dashboard is embedded in this assembly.</summary>
    public static bool IsEmbedded => typeof(Dashboard).Assembly.GetManifestResourceInfo(Folder + Index) != null;

    /// <summary>Maps the dashboard, which finds the gateway's endpoints relative to its own address.</summary>
    public static void MapDashboard(this IEndpointRouteBuilder endpoints)
    {
        if (!IsEmbedded)
        {
            endpoints.MapFallbackPage();
            return;
        }
        var options = endpoints.ServiceProvider.GetRequiredService<ProgramOptions>();
        var names = typeof(Dashboard).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal));
        foreach (var name in names)
        {
            var (path, content) = (name[Folder.Length..], PageFile.ReadResource(name));
            if (path == Index) new PageFile(WithPaths(content, options), "text/html; charset=utf-8", Policy: Policy).Map(endpoints, "/");
            else new PageFile(content, TypeOf(path), IsImmutable: true).Map(endpoints, "/" + path);
        }
    }

    private static byte[] WithPaths(byte[] html, ProgramOptions options) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(html)
        .Replace("{raw_path}", WebUtility.HtmlEncode(options.Raw.Path), StringComparison.Ordinal)
        .Replace("{hub_path}", WebUtility.HtmlEncode(options.SignalR.Path), StringComparison.Ordinal));

    private static string TypeOf(string path) => Path.GetExtension(path) switch
    {
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
}
