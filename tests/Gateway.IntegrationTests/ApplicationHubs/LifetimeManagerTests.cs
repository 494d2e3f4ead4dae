namespace Gateway.IntegrationTests.ApplicationHubs;

// The specs on each kind of server. "Bare" connections are known to the lifetime manager alone.

public sealed class StockSendingTests(StockHubServer servers) : SendingSpec(servers), IClassFixture<StockHubServer>;

public sealed class BareStockSendingTests(BareStockHubServer servers) : SendingSpec(servers), IClassFixture<BareStockHubServer>;

public sealed class GatewaySendingTests(GatewayHubServer servers) : SendingSpec(servers), IClassFixture<GatewayHubServer>;

public sealed class TwoGatewaysSendingTests(TwoGatewayHubServers servers) : SendingSpec(servers), IClassFixture<TwoGatewayHubServers>;

public sealed class StockGroupTests(StockHubServer servers) : GroupSpec(servers), IClassFixture<StockHubServer>;

public sealed class BareStockGroupTests(BareStockHubServer servers) : GroupSpec(servers), IClassFixture<BareStockHubServer>;

public sealed class GatewayGroupTests(GatewayHubServer servers) : GroupSpec(servers), IClassFixture<GatewayHubServer>;

public sealed class TwoGatewaysGroupTests(TwoGatewayHubServers servers) : GroupSpec(servers), IClassFixture<TwoGatewayHubServers>;

public sealed class StockClientResultTests(StockHubServer servers) : ClientResultSpec(servers), IClassFixture<StockHubServer>;

public sealed class BareStockClientResultTests(BareStockHubServer servers) : ClientResultSpec(servers), IClassFixture<BareStockHubServer>;

public sealed class GatewayClientResultTests(GatewayHubServer servers) : ClientResultSpec(servers), IClassFixture<GatewayHubServer>;

public sealed class TwoGatewaysClientResultTests(TwoGatewayHubServers servers)
    : ClientResultSpec(servers), IClassFixture<TwoGatewayHubServers>;

public sealed class GatewayBeyondStockTests(GatewayHubServer servers) : BeyondStockSpec(servers), IClassFixture<GatewayHubServer>;

public sealed class TwoGatewaysBeyondStockTests(TwoGatewayHubServers servers)
    : BeyondStockSpec(servers), IClassFixture<TwoGatewayHubServers>;

public sealed class BareGatewaySendingTests(BareGatewayHubServer servers)
    : SendingSpec(servers), IClassFixture<BareGatewayHubServer>;

public sealed class TwoBareGatewaysSendingTests(TwoBareGatewayHubServers servers)
    : SendingSpec(servers), IClassFixture<TwoBareGatewayHubServers>;

public sealed class BareGatewayGroupTests(BareGatewayHubServer servers)
    : GroupSpec(servers), IClassFixture<BareGatewayHubServer>;

public sealed class TwoBareGatewaysGroupTests(TwoBareGatewayHubServers servers)
    : GroupSpec(servers), IClassFixture<TwoBareGatewayHubServers>;

public sealed class BareGatewayClientResultTests(BareGatewayHubServer servers)
    : ClientResultSpec(servers), IClassFixture<BareGatewayHubServer>;

public sealed class TwoBareGatewaysClientResultTests(TwoBareGatewayHubServers servers)
    : ClientResultSpec(servers), IClassFixture<TwoBareGatewayHubServers>;
