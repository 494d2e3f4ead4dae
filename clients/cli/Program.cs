using System.CommandLine;
using Gateway.Cli;
using Gateway.Cli.Commands;
using Gateway.Client;

var url = new Option<string>("--url")
{
    Description = "The address of the gateway; also GATEWAY_URL",
    Recursive = true,
    DefaultValueFactory = _ => Environment.GetEnvironmentVariable("GATEWAY_URL") ?? "ws://localhost:8080",
};
var token = new Option<string?>("--token")
{
    Description = "A signed JWT that says who you are; better in GATEWAY_TOKEN, which does not show in the list of processes",
    Recursive = true,
};
var name = new Option<string?>("--name") { Description = "The name that others see, if you have no token", Recursive = true };
var root = new RootCommand("A terminal client of the gateway") { url, token, name };
root.Subcommands.Add(ChatCommand.Make(Connect));
root.Subcommands.Add(TailCommand.Make(Connect));
root.Subcommands.Add(PublishCommand.Make(Connect));
root.Subcommands.Add(TopCommand.Make(Connect));
root.Subcommands.Add(BenchCommand.Make(Connect));

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors) Console.Error.WriteLine(error.Message);
    Console.Error.WriteLine("gateway-cli --help shows the commands.");
    return ExitCodes.Mistyped;
}
return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });

Session Connect(ParseResult result, string? username)
{
    var secret = result.GetValue(token) ?? Environment.GetEnvironmentVariable("GATEWAY_TOKEN");
    var options = new GatewayClientOptions { Username = secret == null ? username ?? result.GetValue(name) ?? Environment.UserName : null };
    if (!string.IsNullOrEmpty(secret)) options.TokenProvider = _ => ValueTask.FromResult<string?>(secret);
    return new Session(result.GetValue(url)!, options);
}
