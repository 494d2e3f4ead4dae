using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.IntegrationTests.ApplicationHubs;

/// <summary>
/// A connection that only the lifetime manager knows, as SignalR's own specification has them: there is no connection handler, and no hub.
/// </summary>
internal sealed class BareClient : PipeClient
{
    private readonly HubConnectionContext _context;

    public BareClient(HubServer server, string? user, bool stalls)
        : base(server, user, stalls)
    {
        var options = new HubConnectionContextOptions
        {
            KeepAliveInterval = TimeSpan.FromMinutes(10),
            ClientTimeoutInterval = TimeSpan.FromMinutes(20),
        };
        _context = new HubConnectionContext(Connection, options, NullLoggerFactory.Instance)
        {
            Protocol = server.Protocol,
            UserIdentifier = user,
        };
    }

    public override Task StartAsync() => Server.Manager.OnConnectedAsync(_context);

    protected override Task EndAsync()
    {
        _context.Abort();
        return Server.Manager.OnDisconnectedAsync(_context);
    }
}
