using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Listening;

/// <summary>A TCP connection that holds its place in the budget until its socket is closed, and that has to bring a request in time.</summary>
internal sealed class AcceptedConnection : ConnectionContext
{
    private readonly ConnectionContext _inner;
    private readonly ConnectionBudget _budget;
    private readonly FirstRequestDeadline _awaited;
    private int _isDisposed;

    public AcceptedConnection(ConnectionContext inner, ConnectionBudget budget, FirstRequestDeadline awaited)
    {
        _inner = inner;
        _budget = budget;
        _awaited = awaited;
        IsOverLimit = budget.IsOverLimit;
        Features.Set(this);
        awaited.Add(this);
    }

    /// <summary>Its place among those that have not brought a request; belongs to <see cref="FirstRequestDeadline"/>.</summary>
    public LinkedListNode<(AcceptedConnection, long)>? Awaited { get; set; }

    /// <summary>There was no place for it: it gets one answer, and ends.</summary>
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

    public void NoteRequest() => _awaited.Remove(this);

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        NoteRequest();
        try
        {
            await _inner.DisposeAsync();
            await base.DisposeAsync();
        }
        finally
        {
            _budget.Leave();
        }
    }
}
