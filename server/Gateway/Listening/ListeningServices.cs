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

/// <summary>How the gateway's own process accepts TCP connections. An application that embeds the gateway accepts its own.</summary>
internal static class ListeningServices
{
    // linux/tcp.h
    private const int IpProtocolTcp = 6;
    private const int TcpUserTimeout = 18;

    public static void AddListening(this IServiceCollection services, ProgramOptions options)
    {
        services.AddSingleton<ConnectionBudget>();
        services.AddSingleton<FirstRequestDeadline>();
        services.AddSingleton<IConnectionListenerFactory, BudgetedListenerFactory>(); // the last one is asked first
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

    /// <summary>To stand ahead of everything.</summary>
    public static void UseListening(this IApplicationBuilder app)
    {
        var budget = app.ApplicationServices.GetRequiredService<ConnectionBudget>();
        app.Use((context, next) =>
        {
            if (context.Features.Get<AcceptedConnection>() is not { } connection) return next(context);
            connection.NoteRequest();
            if (!connection.IsOverLimit) return next(context);
            context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
            if (context.Request.Path.StartsWithSegments(HealthEndpoints.Root)) return next(context);
            budget.CountRefused();
            return Refusal.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "too many connections");
        });
    }

    /// <summary>
    /// The system ends a connection when nothing of what was sent has been acknowledged for so long, or the receiver's window was closed for so long. So a client that stopped reading does not last
    /// until the megabytes in the system's buffers are full as well. Accepted sockets have it from the one that listens.
    /// </summary>
    private static void SetUserTimeout(Socket socket, TimeSpan timeout) =>
        socket.SetRawSocketOption(IpProtocolTcp, TcpUserTimeout, BitConverter.GetBytes((int)timeout.TotalMilliseconds));
}
