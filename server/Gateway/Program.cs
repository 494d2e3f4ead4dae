using System.Collections;
using System.Diagnostics;
using Gateway;
using Gateway.Configuration;
using Gateway.Lifecycle;

if (RuntimeCheck.Problem(Environment.Version) is { } problem)
{
    Console.Error.WriteLine(problem);
    return 1;
}
var healthCheck = args is [HealthCheckCommand.Option, "live" or "ready", ..] ? args[1] : null;
var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
    .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "", StringComparer.Ordinal);
switch (ConfigurationLoader.Load(healthCheck == null ? args : args[2..], environment, Directory.GetCurrentDirectory()))
{
    case ConfigurationResult.Text(var content):
        Console.WriteLine(content);
        return 0;
    case ConfigurationResult.Invalid(var errors):
        foreach (var error in errors) Console.Error.WriteLine(error);
        return 1;
    case ConfigurationResult.Loaded(var options):
        return healthCheck == null
            ? await GatewayApp.RunAsync(options)
            : await HealthCheckCommand.RunAsync(HealthCheckCommand.UrlOf(options, healthCheck));
    default:
        throw new UnreachableException();
}
