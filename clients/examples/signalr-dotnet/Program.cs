// dotnet run --project clients/examples/signalr-dotnet -- [url] [username]
// Chat in the lobby with the stock SignalR client. Every line typed is said; Ctrl+D leaves.
using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using SignalRDotNet;

const int MetricsEvery = 10; // one metrics message in so many is shown

var address = args.ElementAtOrDefault(0) ?? "http://localhost:8080/hub";
if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
{
    Console.Error.WriteLine($"not a hub address: {address} (expected one like http://localhost:8080/hub)");
    return 2;
}
url = new Uri($"{url}?rooms=lobby,metrics");
if (args.ElementAtOrDefault(1) is { } username) url = new Uri($"{url}&username={Uri.EscapeDataString(username)}");

// With the package Microsoft.AspNetCore.SignalR.Client, which brings the transports, the next three lines are builder.WithUrl(url).
var builder = new HubConnectionBuilder();
builder.Services.AddSingleton<IConnectionFactory, WebSocketConnectionFactory>();
builder.Services.AddSingleton<EndPoint>(new UriEndPoint(url));
builder.Services.Configure<JsonHubProtocolOptions>(
    json => json.PayloadSerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower);
await using var connection = builder.WithAutomaticReconnect().Build();

var metrics = 0;
connection.On<Welcome>(
    "welcome",
    p => Console.WriteLine($"connected as {p.Username} to {p.Replica}, rooms: {string.Join(", ", p.Rooms.Select(r => r.Room))}"));
connection.On<Chat>("chat", p => Console.WriteLine($"[{p.Room}] {p.Username}: {p.Content}"));
connection.On<SystemEvent>("system", p => Console.WriteLine($"system: {p.Event} {p.Room} {p.Username}".TrimEnd()));
connection.On<Metrics>("metrics", p =>
{
    if (metrics++ % MetricsEvery > 0) return;
    Console.WriteLine(
        $"metrics of {p.Replica}: {p.Connections.Total} connections ({p.Connections.Raw} raw, {p.Connections.Signalr} SignalR), "
        + $"{p.DeliveriesPerSecond} deliveries/s");
});
var closed = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
connection.Reconnecting += error => Console.Error.WriteLineAsync(
    error == null ? "connection lost, trying again" : $"connection lost, trying again: {error.Message}");
connection.Closed += error => Task.FromResult(closed.TrySetResult(error));

try
{
    await connection.StartAsync();
}
catch (Exception error) when (error is WebSocketException or HttpRequestException or IOException or HubException)
{
    Console.Error.WriteLine($"cannot connect to {url}: {error.Message}");
    return 1;
}
_ = Task.Run(SayWhatIsTypedAsync); // the console cannot be waited for with a token: the process ends with the connection
var fault = await closed.Task;
Console.Error.WriteLine(fault == null ? "connection closed" : $"connection closed: {fault.Message}");
return fault == null ? 0 : 1;

async Task SayWhatIsTypedAsync()
{
    while (Console.ReadLine() is { } content)
    {
        try
        {
            await connection.InvokeAsync("Chat", new { room = "lobby", content });
        }
        catch (Exception error) when (error is HubException or InvalidOperationException or OperationCanceledException or IOException)
        {
            Console.Error.WriteLine(error.Message);
        }
    }
    await connection.StopAsync();
}
