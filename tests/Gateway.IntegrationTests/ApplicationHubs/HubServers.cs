using Gateway.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.IntegrationTests.ApplicationHubs;

/// <summary>
/// The servers that a spec runs against. Commands are given <see cref="Here"/>; clients are connected here and <see cref="There"/>, which
/// is the same server, or another one.
/// </summary>
public abstract class HubServers : IAsyncLifetime
{
    internal HubServer Here { get; private protected set; } = null!;
    internal HubServer There { get; private protected set; } = null!;

    public bool AreTwo => Here != There;

    public abstract ValueTask InitializeAsync();

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (There != Here) await There.DisposeAsync();
        await Here.DisposeAsync();
    }
}

/// <summary>SignalR as it comes: what holds here is what an application knows. It is the reference of the spec itself.</summary>
public class StockHubServer : HubServers
{
    protected virtual bool IsBare => false;

    public override async ValueTask InitializeAsync() => Here = There = await HubServer.StartAsync(IsBare, _ => { });
}

public sealed class BareStockHubServer : StockHubServer
{
    protected override bool IsBare => true;
}

public class GatewayHubServer : HubServers
{
    protected virtual bool IsBare => false;

    public override async ValueTask InitializeAsync() => Here = There = await HubServer.StartAsync(IsBare, signalR => signalR.AddGateway());
}

public sealed class BareGatewayHubServer : GatewayHubServer
{
    protected override bool IsBare => true;
}

/// <summary>Two servers with a real Redis between them.</summary>
public class TwoGatewayHubServers : HubServers
{
    private RedisServer _redis = null!;

    protected virtual bool IsBare => false;

    public override async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        Here = await HubServer.StartAsync(IsBare, signalR => signalR.AddGateway().AddRedis(_redis.Address));
        There = await HubServer.StartAsync(IsBare, signalR => signalR.AddGateway().AddRedis(_redis.Address));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _redis.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

public sealed class TwoBareGatewayHubServers : TwoGatewayHubServers
{
    protected override bool IsBare => true;
}
