using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Listening;

/// <summary>
/// An accepted TCP connection. It counts towards the limit until its socket is closed, and has to send a request in time.
/// </summary>
internal sealed class AcceptedConnection : ConnectionContext
{
    private readonly ConnectionContext _inner;
    private readonly TcpConnectionLimiter _limiter;
    private readonly FirstRequestDeadline _firstRequest;
    private int _isDisposed;

    public AcceptedConnection(ConnectionContext inner, TcpConnectionLimiter limiter, FirstRequestDeadline firstRequest)
    {
        _inner = inner;
        _limiter = limiter;
        _firstRequest = firstRequest;
        IsOverLimit = limiter.IsOverLimit;
        Features.Set(this);
        firstRequest.Add(this);
    }

    /// <summary>The node in the list of <see cref="FirstRequestDeadline"/>, which owns it.</summary>
    public LinkedListNode<(AcceptedConnection, long)>? WaitingNode { get; set; }

    /// <summary>Whether the connection is over the limit: it gets one response and ends.</summary>
    public bool IsOverLimit { get; }

    public override string ConnectionId { get => _inner.ConnectionId; set => _inner.ConnectionId = value; }
    public override IFeatureCollection Features => _inner.Features;
    public override IDictionary<object, object?> Items { get => _inner.Items; set => _inner.Items = value; }
    public override IDuplexPipe Transport { get => _inner.Transport; set => _inner.Transport = value; }
    public override EndPoint? LocalEndPoint { get => _inner.LocalEndPoint; set => _inner.LocalEndPoint = value; }
    public override EndPoint? RemoteEndPoint { get => _inner.RemoteEndPoint; set => _inner.RemoteEndPoint = value; }
    public override CancellationToken ConnectionClosed { get => _inner.ConnectionClosed; set => _inner.ConnectionClosed = value; }

    public override void Abort(ConnectionAbortedException abortReason) => _inner.Abort(abortReason);

    public override void Abort() => _inner.Abort();

    public void OnRequest() => _firstRequest.Remove(this);

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        OnRequest();
        try
        {
            await _inner.DisposeAsync();
            await base.DisposeAsync();
        }
        finally
        {
            _limiter.Release();
        }
    }
}
