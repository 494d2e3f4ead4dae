using System.CommandLine;
using Gateway.Cli;
using Gateway.Cli.Commands;
using Gateway.Client;

var url = new Option<string>("--url") { Description = "Where the gateway is; also GATEWAY_URL", Recursive = true, DefaultValueFactory = _ => Environment.GetEnvironmentVariable("GATEWAY_URL") ?? "ws://localhost:8080" };
var token = new Option<string?>("--token") { Description = "Who you are, a signed JWT; better in GATEWAY_TOKEN, where nobody looks over your shoulder", Recursive = true };
var name = new Option<string?>("--name") { Description = "The name that others see, without a token", Recursive = true };
var root = new RootCommand("A terminal client of the gateway") { url, token, name };
foreach (var command in new Command[] { ChatCommand.Make(Connect), TailCommand.Make(Connect), PublishCommand.Make(Connect), TopCommand.Make(Connect), BenchCommand.Make(Connect) }) root.Subcommands.Add(command);

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
