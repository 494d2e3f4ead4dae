using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Gateway.Listening;

/// <summary>Kestrel's socket transport, which accepts connections only while the process has file descriptors for them.</summary>
internal sealed class LimitedListenerFactory(
    IOptions<SocketTransportOptions> sockets, ILoggerFactory loggers, TcpConnectionLimiter limiter, FirstRequestDeadline firstRequest)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _inner = new(sockets, loggers);

    public bool CanBind(EndPoint endpoint) => _inner.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new LimitedListener(await _inner.BindAsync(endpoint, cancellationToken), limiter, firstRequest);
}

internal sealed class LimitedListener(IConnectionListener inner, TcpConnectionLimiter limiter, FirstRequestDeadline firstRequest)
    : IConnectionListener
{
    private readonly CancellationTokenSource _unbound = new();

    public EndPoint EndPoint => inner.EndPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await limiter.AcquireAsync(_unbound.Token);
        }
        catch (OperationCanceledException)
        {
            return null; // the listener was unbound
        }
        ConnectionContext? accepted = null;
        try
        {
            accepted = await inner.AcceptAsync(cancellationToken);
        }
        finally
        {
            if (accepted == null) limiter.Release();
        }
        return accepted == null ? null : new AcceptedConnection(accepted, limiter, firstRequest);
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await _unbound.CancelAsync();
        await inner.UnbindAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        _unbound.Dispose();
    }
}
