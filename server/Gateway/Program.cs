using System.Diagnostics;
using Gateway;
using Gateway.Configuration;
using Gateway.Lifecycle;

if (RuntimeCheck.Problem(Environment.Version) is { } problem)
{
    Console.Error.WriteLine(problem);
    return 1;
}
var question = args is [HealthCheckCommand.Option, "live" or "ready", ..] ? args[1] : null;
switch (ConfigurationLoader.Load(question == null ? args : args[2..], Settings.FromEnvironment(), Directory.GetCurrentDirectory()))
{
    case ConfigurationResult.Printed(var text):
        Console.WriteLine(text);
        return 0;
    case ConfigurationResult.Refused(var errors):
        foreach (var error in errors) Console.Error.WriteLine(error);
        return 1;
    case ConfigurationResult.Loaded(var options, _):
        return question == null ? await GatewayApp.RunAsync(options) : await HealthCheckCommand.RunAsync(HealthCheckCommand.UrlOf(options, question));
    default:
        throw new UnreachableException();
}
