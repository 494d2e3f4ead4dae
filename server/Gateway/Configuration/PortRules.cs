using Gateway.AspNetCore.Validation;
using Gateway.Core.Configuration;

namespace Gateway.Configuration;

/// <summary>Every listener needs a port of its own. Port 0 takes a free one, or, for the admin API, the clients' port.</summary>
internal static class PortRules
{
    public static void Check(ProgramOptions options, Binding binding)
    {
        CheckPair("admin.port", options.Admin.Port, "server.port", options.Server.Port, binding);
        if (!options.Metrics.Enabled || !binding.AreValid("metrics")) return;
        CheckPair("metrics.port", options.Metrics.Port, "server.port", options.Server.Port, binding);
        CheckPair("admin.port", options.Admin.Port, "metrics.port", options.Metrics.Port, binding);
    }

    private static void CheckPair(string key, int port, string otherKey, int otherPort, Binding binding)
    {
        if (port == otherPort && port != 0 && binding.AreValid(key, otherKey))
            GatewayRules.Refuse(binding, key, $"{port}", "0, or something other than", otherKey, $"{otherPort}");
    }
}
