// An application with hubs of its own. As it is: stock SignalR. --gateway: with the one line more. --redis ADDRESS: and with one line more
// for several replicas. Nothing else differs, so what a client sees of it has to be the same.
using Gateway.SampleHubs;

var redis = Array.IndexOf(args, "--redis") is >= 0 and var at ? args[at + 1] : null;
await using var app = SampleApplication.Build(redis != null || args.Contains("--gateway"), redis);
await app.StartAsync();
Console.WriteLine($"listening on {app.Urls.First()}");
await app.WaitForShutdownAsync();
