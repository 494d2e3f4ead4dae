using Gateway.AspNetCore.Options;
using Gateway.Core.Configuration;

namespace Gateway.AspNetCore.Validation;

/// <summary>Validates domains and handlers against each other and against the built-in endpoints.</summary>
internal static class HubRules
{
    public static void Check(GatewayOptions options, Binding binding)
    {
        foreach (var (name, hub) in options.Hubs)
        {
            var key = Keys.Join("hubs", name);
            var max = hub.MaxRoomsPerConnection ?? options.Rooms.MaxPerConnection;
            if (binding.AreValid(key, "rooms.max_per_connection") && hub.AutoJoin.Count > max)
                binding.Report(
                    key + ".auto_join", $"{hub.AutoJoin.Count} rooms are not allowed; allowed: at most {max} per connection",
                    binding.OriginOf(key));
            GatewayRules.PoliciesMatchSomething(hub.Policies, key + ".policies", binding);
        }
        if (!binding.AreValid("raw.path", "signalr.path")) return;
        var taken = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase); // the key of each path
        foreach (var name in options.Hubs.Keys.Prepend(""))
        {
            if (!binding.AreValid(Keys.Join("hubs", name))) continue;
            foreach (var (path, key) in Endpoints(options, name))
                if (!taken.TryAdd(path, key) && name.Length > 0)
                    binding.Report(
                        Keys.Join("hubs", name), $"its endpoint {path} is the one of {taken[path]} already",
                        binding.OriginOf(Keys.Join("hubs", name)));
        }
        for (var i = 0; i < options.Handlers.Count; i++)
        {
            var (key, handler) = (Keys.Join("handlers", i), options.Handlers[i]);
            if (!binding.AreValid(key)) continue;
            if (handler.Path.Length == 0) Report(".path", "is missing; a handler needs the path of its endpoint");
            else if (!taken.TryAdd(handler.Path, key))
                Report(".path", $"{handler.Path} is not allowed; allowed: something other than the path of {taken[handler.Path]}");
            if (handler.Hub.Length > 0 && !options.Hubs.ContainsKey(handler.Hub))
            {
                var allowed = options.Hubs.Count == 0 ? "nothing, as hubs has none" : string.Join(", ", options.Hubs.Keys);
                Report(".hub", $"{Printable.Quoted(handler.Hub)} is not allowed; allowed: {allowed}");
            }

            void Report(string below, string problem) => binding.Report(key + below, problem, binding.OriginOf(key));
        }
    }

    private static IEnumerable<(string Path, string Key)> Endpoints(GatewayOptions options, string hub)
    {
        var below = hub.Length == 0 ? "" : "/" + hub;
        return
        [
            (options.Raw.Path + below, "raw.path"),
            (options.SignalR.Path + below, "signalr.path"),
            ($"{options.SignalR.Path}{below}/negotiate", "signalr.path"),
        ];
    }
}
