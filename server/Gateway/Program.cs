using Gateway;
using Gateway.Configuration;

switch (ConfigurationLoader.Load(args, Settings.FromEnvironment(), Directory.GetCurrentDirectory()))
{
    case ConfigurationResult.Printed(var text):
        Console.WriteLine(text);
        return 0;
    case ConfigurationResult.Refused(var errors):
        foreach (var error in errors) Console.Error.WriteLine(error);
        return 1;
    case ConfigurationResult.Loaded loaded:
        return await GatewayApp.RunAsync(loaded.Options);
    default:
        throw new System.Diagnostics.UnreachableException();
}
