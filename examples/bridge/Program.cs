using Bridge;

await BridgeApp.Build(configure: null, "http://localhost:8090").RunAsync();
