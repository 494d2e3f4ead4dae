namespace Gateway.Benchmarks.Load;

/// <summary>How a client talks to a server under test.</summary>
/// <param name="Path">The WebSocket's path.</param>
/// <param name="IsSignalR">SignalR's JSON protocol, or plain text frames.</param>
/// <param name="Publish">The text that publishes <c>%P</c>.</param>
internal sealed record Dialect(string Path, bool IsSignalR, string Publish);

/// <summary>A server that can be started, in a process of its own.</summary>
/// <param name="Arguments">For <c>dotnet</c>; <c>%PORT</c> stands for its port.</param>
/// <param name="Subscribers">The dialects among which its subscribers are shared; the first one publishes.</param>
internal sealed record Target(string Name, string[] Arguments, Dialect[] Subscribers);

internal static class Targets
{
    private static readonly Dialect GatewayRaw = new("/ws?rooms=lobby", false, """{"type":"chat","payload":{"content":"%P"}}""");
    private static readonly Dialect GatewaySignalR = new(
        "/hub?rooms=lobby", true, "{\"type\":1,\"target\":\"Chat\",\"arguments\":[{\"content\":\"%P\"}]}\u001e");

    public static Target Signalr(params string[] more) => Gateway("gateway, SignalR clients", more, GatewaySignalR);
    public static Target Raw(params string[] more) => Gateway("gateway, raw clients", more, GatewayRaw);
    public static Target Mixed(params string[] more) => Gateway("gateway, half and half", more, GatewayRaw, GatewaySignalR);

    public static Target Relay { get; } = Gateway(
        "gateway, relay of frames", ["--handlers:0:path=/relay", "--handlers:0:handler=relay"], new Dialect("/relay", false, "%P"));

    public static Target StockSignalR { get; } = Peer(
        "stock SignalR", "signalr", new Dialect("/hub", true, "{\"type\":1,\"target\":\"Send\",\"arguments\":[\"%P\"]}\u001e"));
    public static Target HubOnGateway { get; } = StockSignalR with
    {
        Name = "the same SignalR hub on the gateway",
        Arguments = [typeof(Targets).Assembly.Location, "peer", "hub", "%PORT"],
    };

    public static Target PlainBroadcaster { get; } = Peer("plain ASP.NET Core", "raw", new Dialect("/ws", false, "%P"));

    private static Target Gateway(string name, string[] more, params Dialect[] dialects)
    {
        var dll = Path.Combine(Root(), "server", "Gateway", "bin", "Release", "net10.0", "Gateway.dll");
        if (!File.Exists(dll)) throw new InvalidOperationException($"{dll} is missing: dotnet build server/Gateway -c Release");
        return new Target(
            name,
            [
                dll, "--server:host=127.0.0.1", "--server:port=%PORT", "--metrics:enabled=false", "--metrics_stream:enabled=false",
                "--rate_limit:messages=0", "--signalr:client_timeout=1h", "--logging:level=error", .. more
            ],
            dialects);
    }

    private static Target Peer(string name, string kind, Dialect dialect) =>
        new(name, [typeof(Targets).Assembly.Location, "peer", kind, "%PORT"], [dialect]);

    public static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder != null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Gateway.sln")))
                return folder.FullName;
        throw new InvalidOperationException("Gateway.sln was not found above " + AppContext.BaseDirectory);
    }
}
