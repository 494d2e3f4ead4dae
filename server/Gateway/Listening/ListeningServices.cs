using System.Net;
using System.Net.Sockets;
using Gateway.AspNetCore.Lifecycle;
using Gateway.AspNetCore.Security;
using Gateway.AspNetCore.WebSockets;
using Gateway.Configuration;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Gateway.Listening;

/// <summary>How the program accepts TCP connections. An application that embeds the gateway accepts its own.</summary>
internal static class ListeningServices
{
    // linux/tcp.h
    private const int IpProtocolTcp = 6;
    private const int TcpUserTimeout = 18;

    public static void AddListening(this IServiceCollection services, ProgramOptions options)
    {
        services.AddSingleton<TcpConnectionLimiter>();
        services.AddSingleton<FirstRequestDeadline>();
        services.AddSingleton<IConnectionListenerFactory, LimitedListenerFactory>(); // Kestrel asks the last one first
        services.Configure<SocketTransportOptions>(sockets =>
        {
            if (options.Server.DirectSocket) DirectSocket.Configure(sockets);
            var bind = sockets.CreateBoundListenSocket;
            sockets.CreateBoundListenSocket = endpoint =>
            {
                var socket = bind(endpoint);
                if (OperatingSystem.IsLinux() && endpoint is IPEndPoint) SetUserTimeout(socket, options.Server.TcpUserTimeout);
                return socket;
            };
        });
    }

    /// <summary>Rejects requests over the limit. It must come before all other middleware.</summary>
    public static void UseListening(this IApplicationBuilder app)
    {
        var limiter = app.ApplicationServices.GetRequiredService<TcpConnectionLimiter>();
        app.Use((context, next) =>
        {
            if (context.Features.Get<AcceptedConnection>() is not { } connection) return next(context);
            connection.OnRequest();
            if (!connection.IsOverLimit) return next(context);
            context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
            if (context.Request.Path.StartsWithSegments(HealthEndpoints.Root)) return next(context);
            limiter.CountRejected();
            return Refusal.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "too many connections");
        });
    }

    /// <summary>
    /// Linux ends a connection when sent data has not been acknowledged, or the receiver's window has been closed, for this long. So a
    /// client that stops reading does not last until the megabytes of the system's buffers are full as well. Accepted sockets inherit the
    /// option.
    /// </summary>
    private static void SetUserTimeout(Socket socket, TimeSpan timeout) =>
        socket.SetRawSocketOption(IpProtocolTcp, TcpUserTimeout, BitConverter.GetBytes((int)timeout.TotalMilliseconds));
}
