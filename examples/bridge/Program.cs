using Bridge;
using Gateway.Configuration;

await BridgeApp.Build(new GatewayOptions(), "http://localhost:8090").RunAsync();
