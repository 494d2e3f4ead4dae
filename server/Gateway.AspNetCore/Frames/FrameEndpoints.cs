using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Frames.BuiltIn;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Pipeline;

namespace Gateway.AspNetCore.Frames;

/// <summary>Endpoints with a conversation of their own: <c>MapFrames</c>.</summary>
public static class FrameEndpoints
{
    /// <summary>In the default hub; see the other overload.</summary>
    public static IEndpointConventionBuilder MapFrames(
        this IEndpointRouteBuilder endpoints, string path, Func<IServiceProvider, IFrameHandler> factory) =>
        endpoints.MapFrames(path, hub: "", factory);

    /// <summary>A WebSocket endpoint whose frames a handler answers. Needs <c>AddGateway</c>.</summary>
    /// <param name="path">Begins with /; without route parameters.</param>
    /// <param name="hub">A hub of the configuration's or <c>AddHub</c>'s; empty for the default one.</param>
    /// <param name="factory">Makes a handler for each connection, from the services of its request.</param>
    public static IEndpointConventionBuilder MapFrames(
        this IEndpointRouteBuilder endpoints, string path, string hub, Func<IServiceProvider, IFrameHandler> factory)
    {
        if (!path.StartsWith('/') || path.AsSpan().IndexOfAny('{', '*') >= 0)
            throw new ArgumentException(
                $"'{path}' cannot be the path of MapFrames: it begins with / and has no route parameters", nameof(path));
        var services = endpoints.ServiceProvider;
        var core = services.GetRequiredService<GatewayDomains>()[hub];
        EndpointPaths.Claim(endpoints, path);
        var endpoint = new FrameEndpoint(
            core, factory, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<FrameEndpoint>>());
        return endpoints.Map(path, endpoint.HandleAsync).Guard(endpoints, GatewayEndpoint.Frames(core));
    }

    /// <summary>One that the configuration switches on.</summary>
    internal static IEndpointConventionBuilder MapHandler(this IEndpointRouteBuilder endpoints, HandlerOptions options)
    {
        var time = endpoints.ServiceProvider.GetRequiredService<TimeProvider>();
        return endpoints.MapFrames(options.Path, options.Hub, options.Handler switch
        {
            BuiltInHandler.Echo => _ => new EchoHandler(options.Interval, time),
            BuiltInHandler.Clock => _ => new ClockHandler(options.Interval, time),
            _ => _ => new RelayHandler(options.Echo),
        });
    }
}
