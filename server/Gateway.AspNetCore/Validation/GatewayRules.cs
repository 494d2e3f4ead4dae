using Gateway.AspNetCore.Options;
using Gateway.Core.Configuration;
using Gateway.Core.Messages;

namespace Gateway.AspNetCore.Validation;

/// <summary>
/// Validates keys that depend on each other. A rule reports nothing if one of its keys could not be read, which is already an error.
/// </summary>
internal static class GatewayRules
{
    /// <param name="options">The options.</param>
    /// <param name="hasBackplane">Whether there may be other replicas.</param>
    /// <param name="directory">The base directory of relative paths.</param>
    /// <param name="binding">Receives the errors.</param>
    public static void Check(GatewayOptions options, bool hasBackplane, string directory, Binding binding)
    {
        PongOutlastsPing(options.Raw, binding);
        EndpointsDiffer(options, binding);
        RoomsAtStartFit(options.Rooms, binding);
        PoliciesMatchSomething(options.Rooms.Policies, "rooms.policies", binding);
        PermissionsMatchSomething(options.Rooms, binding);
        CustomTypesDiffer(options.Messages.Custom, binding);
        TokenKeyRule.Check(options, hasBackplane, binding);
        AuthRule.Check(options.Auth, directory, binding);
        HubRules.Check(options, binding);
    }

    private static void PongOutlastsPing(RawOptions raw, Binding binding)
    {
        if (binding.AreValid("raw.pong_wait", "raw.ping_period") && raw.PongWait <= raw.PingPeriod)
            Refuse(binding, "raw.pong_wait", Duration.Write(raw.PongWait), "more than", "raw.ping_period", Duration.Write(raw.PingPeriod));
    }

    private static void EndpointsDiffer(GatewayOptions options, Binding binding)
    {
        if (!binding.AreValid("raw.path", "signalr.path"))
            return;
        var (raw, hub) = (options.Raw.Path, options.SignalR.Path);
        // Routes do not distinguish case, and SignalR has a second endpoint below its own.
        if (raw.Equals(hub, StringComparison.OrdinalIgnoreCase) || raw.Equals(hub + "/negotiate", StringComparison.OrdinalIgnoreCase))
            Refuse(binding, "raw.path", raw, "something other than", "signalr.path", hub);
    }

    private static void RoomsAtStartFit(RoomsOptions rooms, Binding binding)
    {
        var (count, limit) = (rooms.AutoJoin.Count, rooms.MaxPerConnection);
        if (binding.AreValid("rooms.auto_join", "rooms.max_per_connection") && count > limit)
            Refuse(binding, "rooms.auto_join", $"{count} rooms", "at most", "rooms.max_per_connection", $"{limit}");
    }

    public static void PoliciesMatchSomething(IList<RoomPolicyOptions> policies, string key, Binding binding)
    {
        for (var i = 0; i < policies.Count; i++)
        {
            var policy = Keys.Join(key, i);
            if (policies[i].Match.Length == 0 && binding.AreValid(policy))
                binding.Report(policy + ".match", "is missing; a policy needs the name or pattern of its rooms", binding.OriginOf(policy));
        }
    }

    private static void PermissionsMatchSomething(RoomsOptions rooms, Binding binding)
    {
        for (var i = 0; i < rooms.Permissions.Count; i++)
        {
            var permission = Keys.Join("rooms.permissions", i);
            if (rooms.Permissions[i].Match.Length == 0 && binding.AreValid(permission))
                binding.Report(
                    permission + ".match", "is missing; a permission needs the name or pattern of its rooms", binding.OriginOf(permission));
        }
    }

    /// <summary>Checks that types differ by more than case, because clients ignore case.</summary>
    private static void CustomTypesDiffer(IDictionary<string, CustomMessageOptions> custom, Binding binding)
    {
        foreach (var same in custom.Keys.GroupBy(type => type, MessageType.Comparer).Where(group => group.Count() > 1))
        {
            var key = Keys.Join("messages.custom", same.Last());
            binding.Report(key, $"equals {Keys.Join("messages.custom", same.First())} but for case", binding.OriginOf(key));
        }
    }

    internal static void Refuse(
        Binding binding, string key, string value, string relation, string other, string otherValue) => binding.Report(
        key,
        $"{value} is not allowed; allowed: {relation} {other}, which is {otherValue} ({Printable.Text(binding.OriginOf(other).Where)})",
        binding.OriginOf(key));
}
