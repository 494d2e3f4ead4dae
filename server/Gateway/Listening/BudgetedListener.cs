using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Gateway.Listening;

/// <summary>The web server's sockets, accepted no faster than there are descriptors for them.</summary>
internal sealed class BudgetedListenerFactory(
    IOptions<SocketTransportOptions> sockets, ILoggerFactory loggers, ConnectionBudget budget, FirstRequestDeadline awaited) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _inner = new(sockets, loggers);

    public bool CanBind(EndPoint endpoint) => _inner.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new BudgetedListener(await _inner.BindAsync(endpoint, cancellationToken), budget, awaited);
}

internal sealed class BudgetedListener(IConnectionListener inner, ConnectionBudget budget, FirstRequestDeadline awaited) : IConnectionListener
{
    private readonly CancellationTokenSource _unbound = new();

    public EndPoint EndPoint => inner.EndPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await budget.EnterAsync(_unbound.Token);
        }
        catch (OperationCanceledException)
        {
            return null; // nothing is listened to any more
        }
        ConnectionContext? accepted = null;
        try
        {
            accepted = await inner.AcceptAsync(cancellationToken);
        }
        finally
        {
            if (accepted == null) budget.Leave();
        }
        return accepted == null ? null : new AcceptedConnection(accepted, budget, awaited);
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
