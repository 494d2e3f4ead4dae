using Gateway.AspNetCore.Domains;
using Gateway.AspNetCore.Frames;
using Gateway.AspNetCore.Frames.BuiltIn;
using Gateway.AspNetCore.Options;
using Gateway.AspNetCore.Pipeline;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps WebSocket endpoints that frame handlers serve.</summary>
public static class FrameEndpointRouteBuilderExtensions
{
    /// <summary>Maps a WebSocket endpoint of the default domain whose frames a handler processes. Requires <c>AddGateway</c>.</summary>
    /// <param name="endpoints">The route builder.</param>
    /// <param name="path">The path. Starts with <c>/</c> and has no route parameters.</param>
    /// <param name="factory">Creates the handler of a connection from the services of its request.</param>
    /// <returns>A builder for the endpoint's conventions.</returns>
    public static IEndpointConventionBuilder MapFrames(
        this IEndpointRouteBuilder endpoints, string path, Func<IServiceProvider, IFrameHandler> factory) =>
        endpoints.MapFrames(path, hub: "", factory);

    /// <summary>Maps a WebSocket endpoint whose frames a handler processes. Requires <c>AddGateway</c>.</summary>
    /// <param name="endpoints">The route builder.</param>
    /// <param name="path">The path. Starts with <c>/</c> and has no route parameters.</param>
    /// <param name="hub">The name of a domain from the configuration or <c>AddHub</c>. Empty for the default domain.</param>
    /// <param name="factory">Creates the handler of a connection from the services of its request.</param>
    /// <returns>A builder for the endpoint's conventions.</returns>
    public static IEndpointConventionBuilder MapFrames(
        this IEndpointRouteBuilder endpoints, string path, string hub, Func<IServiceProvider, IFrameHandler> factory)
    {
        if (!path.StartsWith('/') || path.AsSpan().IndexOfAny('{', '*') >= 0)
            throw new ArgumentException(
                $"'{path}' is not a valid path for MapFrames. Use a path that starts with / and has no route parameters.", nameof(path));
        var services = endpoints.ServiceProvider;
        var domain = services.GetRequiredService<GatewayDomains>()[hub];
        EndpointPaths.Claim(endpoints, path);
        var endpoint = new FrameEndpoint(
            domain, factory, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<FrameEndpoint>>());
        return endpoints.Map(path, endpoint.HandleAsync).Guard(endpoints, GatewayEndpoint.Frames(domain));
    }

    /// <summary>Maps an endpoint from the configuration, with a built-in handler.</summary>
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
