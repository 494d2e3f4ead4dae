using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Gateway.AspNetCore.Hubs;

/// <summary>
/// The options of a hub, for its raw clients: copies, because the raw endpoint enforces the limit of a message itself, with a close code.
/// </summary>
internal sealed record RawHubOptions<THub>(IOptions<HubOptions> Global, IOptions<HubOptions<THub>> Hub)
    where THub : Hub
{
    private const string DefaultName = "";

    /// <summary>The maximum size of a client's message.</summary>
    public required int MaxMessageBytes { get; init; }

    public required bool EnableDetailedErrors { get; init; }

    public static RawHubOptions<THub> Read(IServiceProvider services)
    {
        var global = services.GetRequiredService<IOptionsFactory<HubOptions>>().Create(DefaultName);
        var hub = services.GetRequiredService<IOptionsFactory<HubOptions<THub>>>().Create(DefaultName);
        // SignalR takes a hub's own options only if AddHubOptions<THub> was called.
        var hasOwn = services.GetServices<IConfigureOptions<HubOptions<THub>>>().Any(setup => setup is HubOptionsSetup<THub>);
        var effective = hasOwn ? hub : global;
        var limit = Math.Clamp(effective.MaximumReceiveMessageSize ?? long.MaxValue, 0, Array.MaxLength / 2);
        global.MaximumReceiveMessageSize = hub.MaximumReceiveMessageSize = null;
        return new RawHubOptions<THub>(new OptionsWrapper<HubOptions>(global), new OptionsWrapper<HubOptions<THub>>(hub))
        {
            MaxMessageBytes = (int)limit,
            EnableDetailedErrors = effective.EnableDetailedErrors ?? false,
        };
    }
}
