using Gateway.AspNetCore.Validation;
using Gateway.Core.Configuration;

namespace Gateway.Configuration;

/// <summary>Two listeners cannot have one port.</summary>
internal static class PortRules
{
    public static void Check(ProgramOptions options, Binding binding)
    {
        PortsDiffer(options, binding);
        AdminPortIsItsOwn(options, binding);
    }

    private static void PortsDiffer(ProgramOptions options, Binding binding)
    {
        var (metrics, server) = (options.Metrics.Port, options.Server.Port);
        if (binding.AreValid("metrics", "server.port") && options.Metrics.Enabled && metrics == server && metrics != 0)
            GatewayRules.Refuse(binding, "metrics.port", $"{metrics}", "0, or something other than", "server.port", $"{server}");
    }

    private static void AdminPortIsItsOwn(ProgramOptions options, Binding binding)
    {
        if (options.Admin.Port == 0 || !binding.AreValid("admin.port", "server.port", "metrics")) return;
        var port = options.Admin.Port;
        if (port == options.Server.Port) GatewayRules.Refuse(binding, "admin.port", $"{port}", "0, or something other than", "server.port", $"{options.Server.Port}");
        if (options.Metrics.Enabled && port == options.Metrics.Port) GatewayRules.Refuse(binding, "admin.port", $"{port}", "0, or something other than", "metrics.port", $"{options.Metrics.Port}");
    }
}
