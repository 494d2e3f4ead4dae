using Gateway.AspNetCore.Frames;
using Gateway.AspNetCore.Options;

namespace Bridge;

/// <summary>
/// An application of one's own with the gateway in it, and two more ways into its rooms: lines of text, and HTML fragments for Turbo
/// Streams. Raw and SignalR clients, people at a terminal and web pages without a script of their own meet in one lobby.
/// </summary>
public static class BridgeApp
{
    public static WebApplication Build(Action<GatewayOptions>? configure, params string[] urls)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        foreach (var url in urls) builder.WebHost.UseUrls(url);
        builder.Services.AddGateway(configure);

        var app = builder.Build();
        app.UseRouting();
        app.MapGateway();
        app.MapFrames("/lines", _ => new LineHandler());
        app.MapFrames("/turbo", _ => new TurboHandler());
        var page = typeof(BridgeApp).Assembly;
        app.MapGet("/", () => Results.Stream(page.GetManifestResourceStream("Bridge.page.html")!, "text/html; charset=utf-8"));
        return app;
    }
}
